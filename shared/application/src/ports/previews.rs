//! The decoders of what people upload.

use async_trait::async_trait;
use parlance_domain::attachment::MediaFacts;

use super::PortError;

/// The largest file that is looked into. Larger ones have no preview.
pub const MAX_PREVIEWED_BYTES: u64 = 32 * 1024 * 1024;

/// Looks into files. It is the one place where bytes of strangers are decoded, and is given nothing but these bytes.
///
/// Whatever they are, it answers within its deadline and within its memory: size and pixels are checked before anything is decoded, and a
/// decoder that panics has found nothing.
#[async_trait]
pub trait Previewer: Send + Sync {
    /// Looks into a file that claims this type; `None` if it is of no kind that has a preview, broken, or too large.
    async fn preview(&self, content_type: &str, bytes: Vec<u8>) -> Result<Option<Previewed>, PortError>;
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// What is kept beside it.
    pub facts: MediaFacts,
    /// A small picture of it, drawn anew from pixels alone: nothing of the file's own bytes, so no position and no script, is in it.
    pub thumbnail: Option<Thumbnail>,
}

/// A small picture, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// `image/jpeg`, or `image/png` where something shines through.
    pub content_type: &'static str,
    /// The encoded picture.
    pub bytes: Vec<u8>,
}
