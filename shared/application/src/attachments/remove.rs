//! The bytes of attachments that are no more.

use std::sync::Arc;

use parlance_domain::{
    attachment::{ObjectArea, ObjectKey},
    ids::AttachmentId,
};

use crate::ports::{PortError, attachments::ObjectStore};

/// Deletes what is left in the store of attachments whose rows are gone: deleted with their message, by their uploader, or for nobody wanted them.
#[derive(Clone)]
pub struct RemoveObjects {
    objects: Arc<dyn ObjectStore>,
}

impl RemoveObjects {
    /// Deletes from this store.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects }
    }

    /// Deletes everything that an attachment may have left, in any order and as often as it is asked.
    pub async fn execute(&self, id: AttachmentId) -> Result<(), PortError> {
        self.objects.delete(&objects_of(id)).await
    }
}

/// Every object that an attachment may have.
pub(super) fn objects_of(id: AttachmentId) -> Vec<ObjectKey> {
    ObjectArea::ALL.into_iter().map(|area| ObjectKey { area, id }).collect()
}
