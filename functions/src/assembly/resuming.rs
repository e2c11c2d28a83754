//! Use cases of those who come back.

use std::sync::Arc;

use parlance_application::{
    connections::{announce::AnnounceConnections, register::RegisterConnection},
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
        Ok(ResumeSession::new(self.register_connection()?, sync, lanes, self.clock()))
    }

    /// Lets sockets take their places.
    pub fn register_connection(&self) -> Assembled<RegisterConnection> {
        let adapters = &self.adapters;
        Ok(RegisterConnection::new(
            adapters.connections()?,
            adapters.announcement_timer()?,
            adapters.connection_probe()?,
        ))
    }

    /// Tells senders late of sockets.
    pub fn announce_connections(&self) -> Assembled<AnnounceConnections> {
        let adapters = &self.adapters;
        let (directory, timer) = (adapters.connections()?, adapters.announcement_timer()?);
        Ok(AnnounceConnections::new(directory, timer, self.closer()?, self.clock()))
    }
}
