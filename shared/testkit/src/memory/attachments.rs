//! Memory twins of the rows of attachments and of the signer of their addresses.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, Creating, Media, MediaUrls, Origin},
};
use parlance_domain::{attachment::Attachment, ids::AttachmentId, time::Timestamp};

/// Attachments, in memory. Its clones are the same table.
#[derive(Clone, Default)]
pub struct MemoryAttachments {
    rows: Arc<Mutex<BTreeMap<AttachmentId, Attachment>>>,
}

#[async_trait]
impl AttachmentRepository for MemoryAttachments {
    async fn create(&self, attachment: &Attachment) -> Result<Creating, PortError> {
        let mut rows = self.rows.lock().unwrap();
        if let Some(standing) = rows.get(&attachment.id) {
            return Ok(Creating::Exists(Box::new(standing.clone())));
        }
        rows.insert(attachment.id, attachment.clone());
        Ok(Creating::Created)
    }

    async fn find(&self, id: AttachmentId) -> Result<Option<Attachment>, PortError> {
        Ok(self.rows.lock().unwrap().get(&id).cloned())
    }

    async fn find_all(&self, ids: &[AttachmentId]) -> Result<Vec<Attachment>, PortError> {
        let rows = self.rows.lock().unwrap();
        Ok(rows.values().filter(|row| ids.contains(&row.id)).cloned().collect())
    }

    async fn replace(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        match self.rows.lock().unwrap().get_mut(&attachment.id) {
            Some(row) if row.version + 1 == attachment.version => {
                *row = attachment.clone();
                Ok(Replacing::Replaced)
            }
            _ => Ok(Replacing::Outdated),
        }
    }

    async fn delete(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        let mut rows = self.rows.lock().unwrap();
        if rows.get(&attachment.id).is_some_and(|row| row.version != attachment.version) {
            return Ok(Replacing::Outdated);
        }
        rows.remove(&attachment.id);
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
