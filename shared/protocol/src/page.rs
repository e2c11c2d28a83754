//! Pages of results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::EventFrame;

/// One page, with the cursors of its neighbours. It may be short: `next` decides whether there is more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the page after this one.
    pub next: Option<String>,
    /// The cursor of the page before this one.
    pub previous: Option<String>,
}

/// A stretch of a conversation's log, in order and without a gap.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogPage {
    /// The entries as events.
    #[schemars(schema_with = "crate::spec::events::durable")]
    pub items: Vec<EventFrame>,
    /// The newest entry's position: below it there is more to fetch.
    pub head_seq: u64,
    /// Where the log begins for a reader who does not see all of it: below it nothing is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seq: Option<u64>,
}
