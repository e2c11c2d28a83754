//! The memory twin of the decoders: it knows PNG by its first bytes and its last chunk, and what runs by two words.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    inspection::{Examination, Examined, Examiner, Thumbnail},
};
use parlance_domain::attachment::{ContentType, Dimensions, MediaFacts, Reason};

const MAGIC: &[u8] = b"\x89PNG";
const END: &[u8] = b"IEND\xae\x42\x60\x82";

/// Knows whole files in PNG.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryExaminer;

#[async_trait]
impl Examiner for MemoryExaminer {
    async fn examine(&self, content_type: &ContentType, bytes: Vec<u8>) -> Result<Examined, PortError> {
        let holds = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        Ok(if !content_type.is_inspected() {
            Examined::Passed(Examination::default())
        } else if holds(b"onload=") || holds(b"<script") {
            Examined::Refused(if bytes.starts_with(b"<svg") { Reason::Script } else { Reason::Disguised })
        } else if !content_type.is_image() || !bytes.starts_with(MAGIC) {
            Examined::Refused(Reason::Damaged)
        } else {
            match bytes.windows(END.len()).position(|window| window == END) {
                Some(place) => Examined::Passed(picture(&bytes, place + END.len())),
                None => Examined::Refused(Reason::Damaged),
            }
        })
    }
}

/// The picture alone, without what stands behind its end.
fn picture(bytes: &[u8], end: usize) -> Examination {
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let dimensions = Dimensions { width: side(16), height: side(20) };
    let media = MediaFacts {
        dimensions: Some(dimensions),
        blurhash: Some("L00000fQfQfQfQfQfQfQfQfQfQfQ".to_owned()),
        thumbnail: Some(dimensions),
        ..MediaFacts::default()
    };
    let content_type = ContentType::from_stored("image/png");
    Examination {
        bytes: (end < bytes.len()).then(|| bytes[..end].to_vec()),
        media: Some(media),
        thumbnail: Some(Thumbnail { content_type, bytes: bytes[..end].to_vec() }),
    }
}
