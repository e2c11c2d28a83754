//! `inspect-file` as it is asked and answers. A small picture comes with the answer, which may have 6 MB: so that the function needs no right to
//! write where pictures are handed out.

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::{BASE64, HEXLOWER};
use parlance_application::ports::{
    PortError,
    inspection::{Inspected, Inspector, Passed, Rewritten, Thumbnail, UninspectedFile},
};
use parlance_domain::{
    attachment::{ContentType, Dimensions, FileSize, MediaFacts, ObjectTag, Reason, Sha256Digest},
    ids::AttachmentId,
};
use serde::{Deserialize, Serialize};

use super::{Answered, LambdaFunction};

/// A little longer than the function may take.
const PATIENCE: Duration = Duration::from_secs(35);

/// The function `inspect-file`.
#[derive(Debug, Clone)]
pub struct LambdaInspector {
    function: LambdaFunction,
}

impl LambdaInspector {
    /// Asks this function.
    pub fn new(function: LambdaFunction) -> Self {
        Self { function }
    }
}

#[async_trait]
impl Inspector for LambdaInspector {
    async fn inspect(&self, file: &UninspectedFile) -> Result<Inspected, PortError> {
        let unreadable = |error| PortError::new(self.function.port, error);
        let request = serde_json::to_vec(&InspectionRequest::of(file)).map_err(unreadable)?;
        match self.function.ask(request, PATIENCE).await? {
            Answered::Failed => Ok(Inspected::Unfinished),
            Answered::With(answer) => {
                let answer: InspectionAnswer = serde_json::from_slice(&answer).map_err(unreadable)?;
                answer.into_inspected().map_err(|error| PortError::new(self.function.port, error))
            }
        }
    }
}

/// The event that `inspect-file` is invoked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionRequest {
    attachment: AttachmentId,
    tag: String,
    content_type: String,
}

impl InspectionRequest {
    fn of(file: &UninspectedFile) -> Self {
        Self {
            attachment: file.id,
            tag: file.tag.as_str().to_owned(),
            content_type: file.content_type.as_str().to_owned(),
        }
    }

    /// What is asked.
    pub fn into_file(self) -> UninspectedFile {
        UninspectedFile {
            id: self.attachment,
            tag: ObjectTag::parse(&self.tag),
            content_type: ContentType::from_stored(&self.content_type),
        }
    }
}

/// What `inspect-file` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum InspectionAnswer {
    /// What it reads and writes cannot be reached; it is to be asked again.
    Unavailable,
    /// Other bytes lie there by now, or none.
    Changed,
    /// Not to be handed out.
    Refused {
        /// Why.
        reason: String,
    },
    /// It may be handed out.
    Passed(Box<PassedFile>),
}

/// A file that may be handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedFile {
    rewritten: Option<RewrittenFile>,
    media: Option<Media>,
    thumbnail: Option<SmallPicture>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RewrittenFile {
    tag: String,
    size: u64,
    sha256: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Media {
    size: Option<(u32, u32)>,
    duration_ms: Option<u64>,
    blurhash: Option<String>,
    waveform: Option<String>,
    thumbnail_size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SmallPicture {
    content_type: String,
    bytes: String,
}

/// An answer that says nothing of the file.
#[derive(Debug, thiserror::Error)]
#[error("the answer says nothing of the file")]
struct SaysNothing;

impl InspectionAnswer {
    /// An answer that says so.
    pub fn of(inspected: Inspected) -> Self {
        match inspected {
            Inspected::Changed => Self::Changed,
            Inspected::Unfinished => Self::Unavailable,
            Inspected::Refused(reason) => Self::Refused { reason: reason.as_str().to_owned() },
            Inspected::Passed(passed) => Self::Passed(Box::new(PassedFile::of(passed))),
        }
    }

    fn into_inspected(self) -> Result<Inspected, SaysNothing> {
        match self {
            Self::Unavailable => Err(SaysNothing),
            Self::Changed => Ok(Inspected::Changed),
            Self::Refused { reason } => Reason::parse(&reason).map(Inspected::Refused).ok_or(SaysNothing),
            Self::Passed(passed) => passed.into_passed().map(Inspected::Passed),
        }
    }
}

impl PassedFile {
    fn of(passed: Passed) -> Self {
        let sides = |size: Dimensions| (size.width, size.height);
        Self {
            rewritten: passed.rewritten.map(|file| RewrittenFile {
                tag: file.tag.as_str().to_owned(),
                size: file.size.bytes(),
                sha256: file.sha256.to_string(),
            }),
            media: passed.media.map(|media| Media {
                size: media.dimensions.map(sides),
                duration_ms: media.duration_ms,
                blurhash: media.blurhash,
                waveform: media.waveform.map(|bars| HEXLOWER.encode(&bars)),
                thumbnail_size: media.thumbnail.map(sides),
            }),
            thumbnail: passed.thumbnail.map(|small| SmallPicture {
                content_type: small.content_type.as_str().to_owned(),
                bytes: BASE64.encode(&small.bytes),
            }),
        }
    }

    fn into_passed(self) -> Result<Passed, SaysNothing> {
        Ok(Passed {
            rewritten: self.rewritten.map(RewrittenFile::restored).transpose()?,
            media: self.media.map(Media::restored).transpose()?,
            thumbnail: self.thumbnail.map(SmallPicture::restored).transpose()?,
        })
    }
}

impl RewrittenFile {
    fn restored(self) -> Result<Rewritten, SaysNothing> {
        Ok(Rewritten {
            tag: ObjectTag::parse(&self.tag),
            size: FileSize::new(self.size).map_err(|_| SaysNothing)?,
            sha256: Sha256Digest::parse(&self.sha256).ok_or(SaysNothing)?,
        })
    }
}

impl Media {
    fn restored(self) -> Result<MediaFacts, SaysNothing> {
        let size = |(width, height)| Dimensions { width, height };
        let waveform = self.waveform.map(|bars| HEXLOWER.decode(bars.as_bytes()));
        Ok(MediaFacts {
            dimensions: self.size.map(size),
            duration_ms: self.duration_ms,
            blurhash: self.blurhash,
            waveform: waveform.transpose().map_err(|_| SaysNothing)?,
            thumbnail: self.thumbnail_size.map(size),
        })
    }
}

impl SmallPicture {
    fn restored(self) -> Result<Thumbnail, SaysNothing> {
        let content_type = ContentType::from_stored(&self.content_type);
        let bytes = BASE64.decode(self.bytes.as_bytes()).map_err(|_| SaysNothing)?;
        Ok(Thumbnail { content_type, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_out_as_it_went_in() {
        let side = Dimensions { width: 3, height: 2 };
        let media = MediaFacts {
            dimensions: Some(side),
            duration_ms: Some(5),
            blurhash: Some("L00000".to_owned()),
            waveform: Some(vec![0, 255]),
            thumbnail: Some(side),
        };
        let png = ContentType::parse("image/png").unwrap();
        let passed = Passed {
            rewritten: Some(Rewritten {
                tag: ObjectTag::parse("abc"),
                size: FileSize::new(7).unwrap(),
                sha256: Sha256Digest::of(b"a"),
            }),
            media: Some(media),
            thumbnail: Some(Thumbnail { content_type: png.clone(), bytes: vec![0; 1_000_000] }),
        };
        let of_each_reason = Reason::ALL.map(Inspected::Refused);
        let others = [Inspected::Changed, Inspected::Passed(Passed::default()), Inspected::Passed(passed)];
        for inspected in of_each_reason.into_iter().chain(others) {
            let sent = serde_json::to_vec(&InspectionAnswer::of(inspected.clone())).unwrap();
            assert!(sent.len() < 6_000_000, "{} bytes", sent.len());
            let answer: InspectionAnswer = serde_json::from_slice(&sent).unwrap();
            assert_eq!(answer.into_inspected().unwrap(), inspected);
        }
        assert!(InspectionAnswer::of(Inspected::Unfinished).into_inspected().is_err());
        let file = UninspectedFile {
            id: AttachmentId::from_bytes([1; 16]),
            tag: ObjectTag::parse("\"abc-2\""),
            content_type: png,
        };
        assert_eq!(InspectionRequest::of(&file).into_file(), file);
    }
}
