//! Attachments: announced, uploaded straight to the store, scanned, looked into, released or deleted, shown in their message, handed out once they are clean,
//! and looked after until then.

pub mod arrive;
pub mod begin;
pub mod complete;
pub mod delete;
pub mod inspect;
pub mod judge;
pub mod list_parts;
pub mod look_after;
pub mod plan;
pub mod read;
pub mod remove;
mod revise;
pub mod show;
pub mod sign_parts;
pub mod upload;
pub mod warn;

use parlance_domain::{
    attachment::Attachment,
    ids::{AttachmentId, UserId},
    time::Timestamp,
};

use crate::ports::{PortError, attachments::AttachmentRepository};

/// Another one's attachment looks like one that does not exist.
async fn own(
    attachments: &dyn AttachmentRepository,
    user: &UserId,
    id: AttachmentId,
    now: Timestamp,
) -> Result<Option<Attachment>, PortError> {
    let found = attachments.find(id).await?.and_then(|found| found.seen_at(now));
    Ok(found.filter(|attachment| attachment.uploader == *user))
}

/// How often a change that others got in the way of is made anew.
const ATTEMPTS: usize = 5;
