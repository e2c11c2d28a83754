//! Memory twins of the rows of attachments and of the signer of their addresses.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, AttachmentTimer, Creating, Media, MediaUrls, Origin},
};
use parlance_domain::{attachment::Attachment, ids::AttachmentId, time::Timestamp};

use super::{
    cloud::{MemoryCloud, Write},
    gate::Outside,
};

/// Attachments, in memory: they stand in the same table as the logs, whose messages take them.
pub type MemoryAttachments = MemoryCloud;

#[async_trait]
impl AttachmentRepository for MemoryCloud {
    async fn create(&self, attachment: &Attachment) -> Result<Creating, PortError> {
        self.gate.pass(Outside::TableWrite).await;
        let mut state = self.state();
        if let Some(standing) = state.attachments.get(&attachment.id) {
            return Ok(Creating::Exists(Box::new(standing.clone())));
        }
        state.apply(Write::Attachment(Box::new(attachment.clone())));
        Ok(Creating::Created)
    }

    async fn find(&self, id: AttachmentId) -> Result<Option<Attachment>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        Ok(self.state().attachments.get(&id).cloned())
    }

    async fn find_all(&self, ids: &[AttachmentId]) -> Result<Vec<Attachment>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        Ok(state.attachments.values().filter(|row| ids.contains(&row.id)).cloned().collect())
    }

    async fn replace(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        self.gate.pass(Outside::TableWrite).await;
        let mut state = self.state();
        let write = Write::Attachment(Box::new(attachment.clone()));
        let row = state.attachments.get(&attachment.id);
        let is_unchanged = row.is_some_and(|row| row.version + 1 == attachment.version);
        if !is_unchanged || state.is_contended(std::slice::from_ref(&write)) {
            return Ok(Replacing::Outdated);
        }
        state.apply(write);
        Ok(Replacing::Replaced)
    }

    async fn delete(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        self.gate.pass(Outside::TableWrite).await;
        let mut state = self.state();
        let write = Write::NoAttachment(attachment.id);
        let row = state.attachments.get(&attachment.id);
        let is_changed = row.is_some_and(|row| row.version != attachment.version);
        if is_changed || state.is_contended(std::slice::from_ref(&write)) {
            return Ok(Replacing::Outdated);
        }
        state.apply(write);
        Ok(Replacing::Replaced)
    }
}

/// Addresses that say what they are for, in clear.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryMediaUrls;

impl MediaUrls for MemoryMediaUrls {
    fn signed(&self, origin: &Origin, media: &Media, until: Timestamp) -> Result<String, PortError> {
        let (origin, until) = (origin.as_str(), until.as_secs());
        Ok(match media {
            Media::File(id, name) => {
                format!("{origin}/media/{id}/{}?Expires={until}", name.encoded())
            }
            Media::Preview(id) => format!("{origin}/media/preview/{id}?Expires={until}"),
        })
    }
}

/// What is to be done about attachments later or elsewhere, in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryErrands {
    errands: Arc<Mutex<Errands>>,
}

#[derive(Debug, Default)]
struct Errands {
    looks: Vec<(AttachmentId, Duration)>,
}

impl MemoryErrands {
    /// The looks that were asked for, with their delays.
    pub fn take_looks(&self) -> Vec<(AttachmentId, Duration)> {
        std::mem::take(&mut self.errands.lock().unwrap().looks)
    }
}

#[async_trait]
impl AttachmentTimer for MemoryErrands {
    async fn look_again(&self, id: AttachmentId, after: Duration) -> Result<(), PortError> {
        self.errands.lock().unwrap().looks.push((id, after));
        Ok(())
    }
}
