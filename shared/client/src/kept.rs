//! The outbox on disk, so that messages which were not acknowledged outlive the program.
//!
//! A file of JSON lines, of which each puts a message into the outbox or takes one out; beside it a lock, and while it is opened a copy
//! without what is done. What the program wrote survives its end, however sudden; what the machine had not yet put on the disk does not
//! survive the machine's.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::Path,
};

use parlance_protocol::{ids::ClientMessageId, request::send_message::SendMessageData};
use serde::{Deserialize, Serialize};

/// The messages that are not yet known to be stored, in the order in which they were queued.
#[derive(Debug)]
pub(crate) struct KeptOutbox {
    file: File,
    waiting: VecDeque<SendMessageData>,
    /// Held as long as the outbox is open.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Queued(Cow<'a, SendMessageData>),
    Done(Cow<'a, ClientMessageId>),
}

impl KeptOutbox {
    /// Opens the file, which is made if there is none. Fails where another program has it open.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let lock = private().create(true).truncate(false).open(path.with_added_extension("lock"))?;
        lock.try_lock()?;
        let waiting = match File::open(path) {
            Ok(file) => read(&file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => VecDeque::new(),
            Err(error) => return Err(error),
        };
        let copy = path.with_added_extension("new");
        let mut file = private().create(true).truncate(true).open(&copy)?;
        for message in &waiting {
            file.write_all(&encoded(&Line::Queued(Cow::Borrowed(message)))?)?;
        }
        fs::rename(copy, path)?;
        Ok(Self { file, waiting, _lock: lock })
    }

    /// The messages that wait.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &SendMessageData> {
        self.waiting.iter()
    }

    /// Keeps a message.
    pub(crate) fn keep(&mut self, message: SendMessageData) -> io::Result<()> {
        self.append(&Line::Queued(Cow::Borrowed(&message)))?;
        self.waiting.push_back(message);
        Ok(())
    }

    /// Forgets a message whose fate is known, and gives it back.
    pub(crate) fn forget(&mut self, id: &ClientMessageId) -> Option<SendMessageData> {
        let place = self.waiting.iter().position(|waiting| waiting.client_id == *id)?;
        let forgotten = self.waiting.remove(place);
        // One that is not crossed out is sent once more by the next program, and recognized.
        let _ = if self.waiting.is_empty() {
            self.file.set_len(0)
        } else {
            self.append(&Line::Done(Cow::Borrowed(id)))
        };
        forgotten
    }

    /// Appends one line, whole or not at all.
    fn append(&mut self, line: &Line<'_>) -> io::Result<()> {
        let end = self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(&encoded(line)?).inspect_err(|_| {
            // What was written of it would spoil the next line; the first error is the one to tell.
            let _ = self.file.set_len(end);
        })
    }
}

/// Nobody else on the machine reads what waits to be sent.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn encoded(line: &Line<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads what waits. A last line that was not finished was promised to nobody.
fn read(file: &File) -> io::Result<VecDeque<SendMessageData>> {
    let mut waiting = VecDeque::<SendMessageData>::new();
    for line in BufReader::new(file).split(b'\n') {
        match serde_json::from_slice(&line?) {
            Ok(Line::Queued(message)) => waiting.push_back(message.into_owned()),
            Ok(Line::Done(id)) => waiting.retain(|message| message.client_id != *id),
            Err(_) => {}
        }
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use parlance_protocol::{ids::ConversationId, request::send_message::Draft};

    use super::*;

    fn message(id: &str) -> SendMessageData {
        SendMessageData {
            conversation_id: ConversationId::from_bytes([1; 16]),
            client_id: ClientMessageId::parse(id).unwrap(),
            after: 7,
            draft: Draft::text(format!("{id}\n\"quoted\"")),
        }
    }

    fn waiting(path: &Path) -> Vec<SendMessageData> {
        KeptOutbox::open(path).unwrap().waiting().cloned().collect()
    }

    #[test]
    fn what_was_kept_and_not_forgotten_is_there_after_the_program_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.jsonl");
        let mut kept = KeptOutbox::open(&path).unwrap();
        for id in ["a", "b", "c"] {
            kept.keep(message(id)).unwrap();
        }
        assert_eq!(kept.forget(&message("b").client_id), Some(message("b")));
        assert_eq!(kept.forget(&message("b").client_id), None);
        assert!(KeptOutbox::open(&path).is_err(), "another program has it open");
        drop(kept);
        assert_eq!(waiting(&path), [message("a"), message("c")]);

        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        assert_eq!(waiting(&path), [message("a")], "the last line was not finished");

        let mut kept = KeptOutbox::open(&path).unwrap();
        kept.forget(&message("a").client_id);
        kept.keep(message("d")).unwrap();
        drop(kept);
        assert_eq!(waiting(&path), [message("d")]);
    }
}
