//! An uploaded file on the wire.

use std::borrow::Cow;

use data_encoding::BASE64;
use parlance_domain::{
    attachment::{self as domain, AttachedFile, Dimensions, Reason, Stage},
    ids::AttachmentId,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::{spec::schemas::names, wire_time::WireTime};

/// An uploaded file. In a message it stands as it was known last, and without the addresses at which it is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it is called.
    pub filename: String,
    /// What its uploader said that it holds.
    pub content_type: String,
    /// How many bytes it has. A picture that was uploaded with more than the picture has fewer once it is `clean`.
    pub size: u64,
    /// The SHA-256 of its bytes in hexadecimal digits, where it is known: of a picture that is `clean`, of what is handed out; else where the
    /// uploader said it. Of a file in parts it is his word: the parts were held to theirs.
    #[serde(default)]
    pub sha256: Option<String>,
    /// `uploading`, `scanning`, `clean`: it can be fetched; `infected`: it was removed; `unscannable`: nobody could look into it;
    /// `expired`: it never came; or a state of a newer server.
    #[schemars(schema_with = "states")]
    pub state: Cow<'static, str>,
    /// Why it is never handed out. `infected`: `malware`; `disguised`, it is something else than it says, or something else besides; `script`, it
    /// holds what runs when it is opened; `decompression_bomb`. `unscannable`: `damaged`; `encrypted`; `not_scanned`, no scanner came to a verdict.
    /// `expired`: `not_uploaded`; `not_as_announced`. Or a reason of a newer server.
    #[serde(default)]
    #[schemars(schema_with = "reasons")]
    pub reason: Option<Cow<'static, str>>,
    /// When its upload began.
    pub created_at: WireTime,
    /// A picture's width in pixels, as it is shown.
    #[serde(default)]
    pub width: Option<u32>,
    /// A picture's height in pixels, as it is shown.
    #[serde(default)]
    pub height: Option<u32>,
    /// How long a recording lasts, in milliseconds.
    #[serde(default)]
    pub duration_ms: Option<u64>,
    /// A blur of a picture (<https://blurha.sh>), to be shown until the picture is there.
    #[serde(default)]
    pub blurhash: Option<String>,
    /// How loud a recording is over its length: a byte per bar, the loudest 255, in Base64.
    #[serde(default)]
    pub waveform: Option<String>,
    /// The size of the small picture that there is of it.
    #[serde(default)]
    pub thumbnail: Option<Thumbnail>,
}

/// The size of a small picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thumbnail {
    /// From left to right, in pixels.
    pub width: u32,
    /// From top to bottom, in pixels.
    pub height: u32,
}

fn states(_: &mut SchemaGenerator) -> Schema {
    names(Stage::ALL.map(Stage::as_str))
}

fn reasons(_: &mut SchemaGenerator) -> Schema {
    let names = Reason::ALL.into_iter().map(|reason| Some(reason.as_str())).chain([None]);
    schemars::json_schema!({"type": ["string", "null"], "enum": names.collect::<Vec<_>>()})
}

impl Attachment {
    /// An attachment as it stands.
    pub fn of(attachment: &domain::Attachment) -> Self {
        Self::from(&attachment.attached())
    }
}

impl From<&AttachedFile> for Attachment {
    fn from(attached: &AttachedFile) -> Self {
        let file = &attached.file;
        let media = attached.media.clone().unwrap_or_default();
        Self {
            id: attached.id,
            filename: file.name.as_str().to_owned(),
            content_type: file.content_type.as_str().to_owned(),
            size: file.size.bytes(),
            sha256: file.sha256.map(|digest| digest.to_string()),
            state: Cow::Borrowed(attached.stage.as_str()),
            reason: attached.reason.map(|reason| Cow::Borrowed(reason.as_str())),
            created_at: attached.created_at.into(),
            width: media.dimensions.map(|size| size.width),
            height: media.dimensions.map(|size| size.height),
            duration_ms: media.duration_ms,
            blurhash: media.blurhash,
            waveform: media.waveform.map(|bars| BASE64.encode(&bars)),
            thumbnail: media.thumbnail.map(|Dimensions { width, height }| Thumbnail { width, height }),
        }
    }
}
