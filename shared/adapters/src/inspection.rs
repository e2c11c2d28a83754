//! What looks into files before they are handed out: safe Rust alone, with limits on pixels, memory and time, apart from everything else that a
//! function does.

mod archive;
pub mod cleaning;
mod opus;
mod page;
mod pdf;
mod peaks;
mod pictures;
mod sounds;
mod svg;

use std::{
    num::NonZero,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    inspection::{Examination, Examined, Examiner},
};
use parlance_domain::attachment::{ContentType, Reason};
use tokio::sync::Semaphore;

/// How long one recording is listened to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Decodes as many files at a time as there are processors, each on a thread of its own: a function of Lambda has one of both.
pub struct DecodingExaminer {
    turn: Arc<Semaphore>,
}

impl DecodingExaminer {
    /// Waits for files.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { turn: Arc::new(Semaphore::new(processors)) }
    }
}

impl Default for DecodingExaminer {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Examiner for DecodingExaminer {
    async fn examine(&self, content_type: &ContentType, bytes: Vec<u8>) -> Result<Examined, PortError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|error| PortError::new("inspection", error))?;
        let content_type = content_type.clone();
        let examining = tokio::task::spawn_blocking(move || {
            let examined = examine(&content_type, &bytes, Instant::now() + PATIENCE);
            drop(turn);
            examined
        });
        match examining.await {
            Ok(examined) => Ok(examined),
            Err(error) if error.is_panic() => {
                tracing::error!("a decoder panicked: the file is not handed out");
                Ok(Examined::Refused(Reason::Damaged))
            }
            Err(error) => Err(PortError::new("inspection", error)),
        }
    }
}

/// Looks at a file, by its claimed type and then by its own bytes. Gives up at `deadline`, where what costs time can be interrupted.
pub fn examine(content_type: &ContentType, bytes: &[u8], deadline: Instant) -> Examined {
    let looked = if content_type.is_pdf() {
        pdf::check(bytes).map(|()| Examination::default())
    } else if content_type.is_image() {
        pictures::examine(content_type, bytes)
    } else if content_type.is_audio() {
        sounds::examine(content_type, bytes, deadline)
    } else {
        Ok(Examination::default())
    };
    looked.map_or_else(Examined::Refused, Examined::Passed)
}

/// A file that is not what it says: a page, a program or an archive under another's name, or nothing at all.
fn disguised_or_damaged(bytes: &[u8]) -> Reason {
    if is_something_else(bytes) { Reason::Disguised } else { Reason::Damaged }
}

/// Whether a browser, a shell or a reader of archives would take it for theirs.
fn is_something_else(bytes: &[u8]) -> bool {
    page::is_active(bytes) || archive::is_archive(bytes)
}
