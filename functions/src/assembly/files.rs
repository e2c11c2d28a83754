//! Use cases of files after their upload.

use std::sync::Arc;

use parlance_application::attachments::{
    arrive::ReceiveAttachment,
    inspect::InspectFile,
    judge::{JudgeAttachment, JudgePorts},
    look_after::LookAfterAttachment,
    remove::RemoveObjects,
    show::ShowAttachment,
    warn::WarnUploader,
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Takes note of uploads that have arrived.
    pub fn receive_attachment(&self) -> Assembled<ReceiveAttachment> {
        let adapters = &self.adapters;
        Ok(ReceiveAttachment::new(
            adapters.attachments()?,
            adapters.object_store()?,
            adapters.attachment_timer()?,
            self.show_attachment()?,
            self.clock(),
        ))
    }

    /// Carries out what scans have found.
    pub fn judge_attachment(&self) -> Assembled<JudgeAttachment> {
        let adapters = &self.adapters;
        Ok(JudgeAttachment::new(JudgePorts {
            attachments: adapters.attachments()?,
            objects: adapters.object_store()?,
            receive: self.receive_attachment()?,
            inspector: adapters.inspector()?,
            show: self.show_attachment()?,
            warn: self.warn_uploader()?,
            clock: self.clock(),
        }))
    }

    /// Looks after what does not end by itself.
    pub fn look_after_attachment(&self) -> Assembled<LookAfterAttachment> {
        let adapters = &self.adapters;
        Ok(LookAfterAttachment::new(
            adapters.attachments()?,
            adapters.object_store()?,
            self.receive_attachment()?,
            adapters.attachment_timer()?,
            self.show_attachment()?,
            self.clock(),
        ))
    }

    /// Looks into files.
    pub fn inspect_file(&self) -> Assembled<InspectFile> {
        Ok(InspectFile::new(self.adapters.object_store()?, self.adapters.examiner()))
    }

    /// Deletes the bytes of attachments that are no more.
    pub fn remove_objects(&self) -> Assembled<RemoveObjects> {
        Ok(RemoveObjects::new(self.adapters.object_store()?))
    }

    fn show_attachment(&self) -> Assembled<ShowAttachment> {
        let adapters = &self.adapters;
        let (log, attachments) = (adapters.message_log()?, adapters.attachments()?);
        Ok(ShowAttachment::new(self.change_conversation()?, log, attachments, Arc::clone(&self.encoder)))
    }

    fn warn_uploader(&self) -> Assembled<WarnUploader> {
        let encoder = Arc::clone(&self.encoder);
        Ok(WarnUploader::new(self.adapters.connections()?, self.broadcaster()?, encoder, self.clock()))
    }
}
