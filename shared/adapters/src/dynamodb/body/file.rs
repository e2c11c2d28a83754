//! A file as the message's entry holds it, under the id that the message names.

use minicbor::{
    Decode, Encode,
    bytes::{ByteArray, ByteSlice},
};
use parlance_domain::{
    attachment::{
        AttachedFile, ContentType, Dimensions, FileDescription, FileName, FileSize, MediaFacts, Reason,
        Sha256Digest, Stage,
    },
    ids::AttachmentId,
    time::Timestamp,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct StoredFile<'b> {
    #[b(0)]
    name: &'b str,
    #[b(1)]
    content_type: &'b str,
    #[n(2)]
    size: u64,
    #[n(3)]
    sha256: Option<ByteArray<32>>,
    #[n(4)]
    created_at: u64,
    #[b(5)]
    stage: &'b str,
    #[n(6)]
    dimensions: Option<(u32, u32)>,
    #[n(7)]
    duration_ms: Option<u64>,
    #[b(8)]
    blurhash: Option<&'b str>,
    #[b(9)]
    waveform: Option<&'b ByteSlice>,
    #[n(10)]
    thumbnail: Option<(u32, u32)>,
    #[n(11)]
    has_media: Option<bool>,
    #[b(12)]
    reason: Option<&'b str>,
}

impl<'b> StoredFile<'b> {
    pub(super) fn of(attached: &'b AttachedFile) -> Self {
        let AttachedFile { id: _, file, created_at, stage, reason, media } = attached;
        let sides = |size: Dimensions| (size.width, size.height);
        let media = media.as_ref();
        Self {
            name: file.name.as_str(),
            content_type: file.content_type.as_str(),
            size: file.size.bytes(),
            sha256: file.sha256.map(|digest| ByteArray::from(*digest.as_bytes())),
            created_at: created_at.as_millis(),
            stage: stage.as_str(),
            reason: reason.map(Reason::as_str),
            dimensions: media.and_then(|media| media.dimensions).map(sides),
            duration_ms: media.and_then(|media| media.duration_ms),
            blurhash: media.and_then(|media| media.blurhash.as_deref()),
            waveform: media.and_then(|media| media.waveform.as_deref()).map(Into::into),
            thumbnail: media.and_then(|media| media.thumbnail).map(sides),
            has_media: media.map(|_| true),
        }
    }

    pub(super) fn restore(self, id: AttachmentId) -> Option<AttachedFile> {
        let size = |(width, height)| Dimensions { width, height };
        let media = self.has_media.is_some().then(|| MediaFacts {
            dimensions: self.dimensions.map(size),
            duration_ms: self.duration_ms,
            blurhash: self.blurhash.map(str::to_owned),
            waveform: self.waveform.map(|bars| bars.to_vec()),
            thumbnail: self.thumbnail.map(size),
        });
        let stage = Stage::parse(self.stage)?;
        Some(AttachedFile {
            id,
            file: FileDescription {
                name: FileName::from_stored(self.name),
                content_type: ContentType::from_stored(self.content_type),
                size: FileSize::new(self.size).ok()?,
                sha256: self.sha256.map(|digest| Sha256Digest::from_bytes(digest.into())),
            },
            created_at: Timestamp::from_millis(self.created_at),
            stage,
            reason: self.reason.and_then(Reason::parse).or(Reason::unsaid(stage)),
            media,
        })
    }
}
