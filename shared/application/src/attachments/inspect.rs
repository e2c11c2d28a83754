//! Looks into a file in which no scanner found anything: whether it is what it says and nothing else, and what of it is handed out.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::attachment::{ContentType, FileSize, ObjectArea, ObjectKey, Sha256Digest};

use crate::ports::{
    PortError,
    attachments::{ObjectStore, Presentation},
    inspection::{Examination, Examined, Examiner, Inspected, Inspector, Passed, Rewritten, UninspectedFile},
};

/// Looks into files. It reads quarantine, writes `inspected/`, and can do nothing else.
#[derive(Clone)]
pub struct InspectFile {
    objects: Arc<dyn ObjectStore>,
    examiner: Arc<dyn Examiner>,
}

impl InspectFile {
    /// Looks into what this store holds.
    pub fn new(objects: Arc<dyn ObjectStore>, examiner: Arc<dyn Examiner>) -> Self {
        Self { objects, examiner }
    }

    async fn pass(&self, file: &UninspectedFile, found: Examination) -> Result<Passed, PortError> {
        let Examination { bytes, media, thumbnail } = found;
        let rewritten = match bytes {
            None => None,
            Some(bytes) => Some(self.keep(file, bytes).await?),
        };
        Ok(Passed { rewritten, media, thumbnail })
    }

    async fn keep(&self, file: &UninspectedFile, bytes: Vec<u8>) -> Result<Rewritten, PortError> {
        let size = u64::try_from(bytes.len())
            .map_or(Err(PortError::new("inspection", "too large")), |bytes| {
                FileSize::new(bytes).map_err(|error| PortError::new("inspection", error))
            })?;
        let sha256 = Sha256Digest::of(&bytes);
        let key = ObjectKey { area: ObjectArea::Inspected, id: file.id };
        let presented = Presentation { content_type: file.content_type.clone(), disposition: None };
        let tag = self.objects.put(&key, bytes, &presented).await?;
        Ok(Rewritten { tag, size, sha256 })
    }
}

#[async_trait]
impl Inspector for InspectFile {
    async fn inspect(&self, file: &UninspectedFile) -> Result<Inspected, PortError> {
        let key = ObjectKey { area: ObjectArea::Quarantine, id: file.id };
        let bytes = self.objects.read(&key, &file.tag, ContentType::MAX_INSPECTED_BYTES).await?;
        let Some(bytes) = bytes else { return Ok(Inspected::Changed) };
        match self.examiner.examine(&file.content_type, bytes).await? {
            Examined::Refused(reason) => Ok(Inspected::Refused(reason)),
            Examined::Passed(found) => self.pass(file, found).await.map(Inspected::Passed),
        }
    }
}
