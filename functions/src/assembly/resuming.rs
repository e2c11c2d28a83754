//! Use cases of those who come back.

use std::sync::Arc;

use parlance_application::{
    conversations::sync::{SyncConversations, SyncPorts},
    sessions::resume::ResumeSession,
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Brings clients up to date.
    pub fn sync_conversations(&self) -> Assembled<SyncConversations> {
        let adapters = &self.adapters;
        Ok(SyncConversations::new(SyncPorts {
            log: adapters.message_log()?,
            conversations: adapters.conversations()?,
            cache: adapters.conversation_cache()?,
            events: self.events()?,
            list: self.list_conversations()?,
            encoder: Arc::clone(&self.encoder),
        }))
    }

    /// Brings sockets up to date.
    pub fn resume_session(&self) -> Assembled<ResumeSession> {
        let (sync, lanes) = (self.sync_conversations()?, self.lanes()?);
        Ok(ResumeSession::new(self.adapters.connections()?, sync, lanes, self.clock()))
    }
}
