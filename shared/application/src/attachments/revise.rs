//! Changes an attachment by one of its transitions, whoever else changes it at the same moment.

use parlance_domain::{attachment::Attachment, ids::AttachmentId};

use crate::ports::{PortError, Replacing, attachments::AttachmentRepository};

/// How often a change begins again after it was overtaken.
const ATTEMPTS: u32 = 8;

/// What became of a change.
pub(super) enum Revised {
    /// There is no such attachment.
    Missing,
    /// The transition does not apply: so it stands.
    Unchanged(Attachment),
    /// So it stands from now on.
    Changed(Attachment),
}

/// Applies `transition` to what stands. It is asked again after each change that was overtaken.
pub(super) async fn revise(
    attachments: &dyn AttachmentRepository,
    id: AttachmentId,
    transition: impl Fn(Attachment) -> Option<Attachment> + Send + Sync,
) -> Result<Revised, PortError> {
    for _ in 0..ATTEMPTS {
        let Some(standing) = attachments.find(id).await? else { return Ok(Revised::Missing) };
        let Some(next) = transition(standing.clone()) else { return Ok(Revised::Unchanged(standing)) };
        match attachments.replace(&next).await? {
            Replacing::Replaced => return Ok(Revised::Changed(next)),
            Replacing::Outdated => {}
        }
    }
    Err(contended())
}

pub(super) fn contended() -> PortError {
    PortError::new("attachments", "overtaken too often")
}
