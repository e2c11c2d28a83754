//! The decoders behind previews: safe Rust alone, with limits on pixels, memory and time, apart from everything else that a function does.

mod opus;
mod peaks;
mod pictures;
mod sounds;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    previews::{MAX_PREVIEWED_BYTES, Previewed, Previewer},
};
use tokio::sync::Semaphore;

/// How long one file is listened to or looked at.
const PATIENCE: Duration = Duration::from_secs(10);

/// Decodes one file at a time, on a thread of its own: what one file may cost in memory is what the process costs.
pub struct DecodingPreviewer {
    turn: Arc<Semaphore>,
}

impl DecodingPreviewer {
    /// Waits for files.
    pub fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Default for DecodingPreviewer {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Previewer for DecodingPreviewer {
    async fn preview(&self, content_type: &str, bytes: Vec<u8>) -> Result<Option<Previewed>, PortError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let turn = turn.map_err(|error| PortError::new("previews", error))?;
        let content_type = content_type.to_owned();
        let decoding = tokio::task::spawn_blocking(move || {
            let previewed = decode(&content_type, &bytes, Instant::now() + PATIENCE);
            drop(turn);
            previewed
        });
        match decoding.await {
            Ok(previewed) => Ok(previewed),
            Err(error) if error.is_panic() => {
                tracing::warn!("a decoder panicked: the file has no preview");
                Ok(None)
            }
            Err(error) => Err(PortError::new("previews", error)),
        }
    }
}

/// What a file shows, by its claimed type and then by its own bytes. Gives up at `deadline`, where what costs time can be interrupted.
pub fn decode(content_type: &str, bytes: &[u8], deadline: Instant) -> Option<Previewed> {
    if bytes.len() as u64 > MAX_PREVIEWED_BYTES {
        return None;
    }
    match content_type.split_once('/') {
        Some(("image", _)) => pictures::preview(bytes),
        Some(("audio", _)) => sounds::preview(bytes, deadline),
        _ => None,
    }
}
