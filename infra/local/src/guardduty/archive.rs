//! Looking through a file and, if it is an archive, through what it holds, without ever holding much of it: an archive may be a bomb.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::signature::{self, Finder};

/// The deepest archive within archives that is looked into.
const DEEPEST: usize = 5;

/// How many entries are looked at.
const MOST_ENTRIES: usize = 10_000;

/// How much is unpacked.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Nothing honest shrinks to less than this part, once it is large.
const HIGHEST_RATIO: u64 = 200;
const LARGE: u64 = 16 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;

/// The marks with which a zip archive, and an empty one, begin.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub threats: Vec<String>,
    /// Why not all of it could be looked into.
    pub unsupported: Option<String>,
    size: u64,
    unpacked: u64,
    entries: usize,
}

/// Whether it is worth to look on.
enum Next {
    Go,
    Stop,
}

impl Search {
    /// Looks through a file of so many bytes.
    pub(super) fn of_file(mut file: File, size: u64) -> io::Result<Self> {
        let mut search = Self { size, ..Self::default() };
        file.seek(SeekFrom::Start(0))?;
        let mut finder = Finder::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = file.read(&mut chunk)?;
            if length == 0 {
                break;
            }
            finder.feed(chunk.get(..length).unwrap_or_default());
        }
        if finder.is_found() {
            search.threats.push(signature::NAME.to_owned());
            return Ok(search);
        }
        // Whatever a file begins with, a reader of archives looks for the directory at its end.
        if let Ok(archive) = ZipArchive::new(file) {
            search.look_into(archive, 1)?;
        }
        Ok(search)
    }

    fn look_into(&mut self, mut archive: ZipArchive<File>, depth: usize) -> io::Result<Next> {
        if depth > DEEPEST {
            return Ok(self.bomb("Depth"));
        }
        for index in 0..archive.len() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Ok(self.bomb("Entries"));
            }
            let next = match archive.by_index(index) {
                Ok(entry) if entry.is_dir() => Next::Go,
                Ok(entry) => self.look_at(entry, depth)?,
                Err(ZipError::Io(error)) if error.kind() != io::ErrorKind::InvalidData => return Err(error),
                Err(error) => self.give_up(&error.to_string()),
            };
            if matches!(next, Next::Stop) {
                return Ok(Next::Stop);
            }
        }
        Ok(Next::Go)
    }

    /// Looks at an entry while it is unpacked; an archive is put aside and looked into afterwards.
    fn look_at(&mut self, mut entry: impl Read, depth: usize) -> io::Result<Next> {
        let mut finder = Finder::new();
        let mut aside: Option<File> = None;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut is_first = true;
        loop {
            let length = match entry.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                // What cannot be unpacked is damaged, or was not meant to be.
                Err(error) => return Ok(self.give_up(&error.to_string())),
            };
            let bytes = chunk.get(..length).unwrap_or_default();
            self.unpacked += length as u64;
            if self.unpacked > MOST_BYTES {
                return Ok(self.bomb("Size"));
            }
            if self.unpacked > LARGE && self.unpacked / self.size.max(1) > HIGHEST_RATIO {
                return Ok(self.bomb("Ratio"));
            }
            finder.feed(bytes);
            if is_first && ZIP.iter().any(|mark| bytes.starts_with(mark)) {
                aside = Some(tempfile::tempfile()?);
            }
            is_first = false;
            if let Some(aside) = &mut aside {
                aside.write_all(bytes)?;
            }
        }
        if finder.is_found() {
            self.threats.push(signature::NAME.to_owned());
            return Ok(Next::Stop);
        }
        match aside.map(ZipArchive::new) {
            Some(Ok(archive)) => self.look_into(archive, depth + 1),
            Some(Err(error)) => Ok(self.give_up(&error.to_string())),
            None => Ok(Next::Go),
        }
    }

    fn bomb(&mut self, by: &str) -> Next {
        self.threats.push(format!("Archive.Bomb.{by}"));
        Next::Stop
    }

    /// Goes on: what else is there may still be a threat.
    fn give_up(&mut self, reason: &str) -> Next {
        self.unsupported.get_or_insert_with(|| reason.to_owned());
        Next::Go
    }
}
