//! An attachment as it is shown by itself: how its bytes are to come, and where they are to be had.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{attachment::Attachment, wire_time::WireTime};

/// An attachment, with what stands in no message: how its bytes are to come, and where they are to be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownAttachment {
    /// The attachment.
    #[serde(flatten)]
    pub attachment: Attachment,
    /// Where a clean file is to be had, for a minute.
    #[serde(default)]
    pub download_url: Option<String>,
    /// Where the small picture of a clean file is to be had, for a minute, if there is one.
    #[serde(default)]
    pub thumbnail_url: Option<String>,
    /// How the bytes are to come, for the uploader while they are.
    #[serde(default)]
    pub upload: Option<UploadPlan>,
}

/// How the bytes of an attachment are to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum UploadPlan {
    /// By a form (`multipart/form-data`): `POST` to `url` these fields as they are, and the file last, in a field `file`. The store answers 204.
    Form {
        /// Where to.
        url: String,
        /// The fields.
        fields: BTreeMap<String, String>,
        /// Until when the form is good; `GET` of the attachment gives another one.
        expires_at: WireTime,
    },
    /// In parts, whose addresses are to be asked for at `parts/`; `complete/` puts them together.
    Parts {
        /// The size of each part but the last, in bytes.
        part_size: u64,
        /// How many parts there are.
        part_count: u32,
        /// Until when the upload has to be completed.
        expires_at: WireTime,
    },
}

/// The parts that are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// The parts, by number.
    pub items: Vec<Part>,
    /// What to ask for as `after` next; `null` where there are no more.
    pub next_after: Option<u32>,
}

/// A part that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its number, from 1.
    pub part_number: u32,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its bytes in hexadecimal digits, where it came with one.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// Where parts are to be put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartAddresses {
    /// The parts, in the order in which they were asked for.
    pub items: Vec<PartAddress>,
}

/// Where one part is to be put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartAddress {
    /// Its number.
    pub part_number: u32,
    /// How many bytes it has to have.
    pub size: u64,
    /// `PUT` to this.
    pub url: String,
    /// The headers that have to come with it.
    pub headers: BTreeMap<String, String>,
    /// Until when the address is good.
    pub expires_at: WireTime,
}
