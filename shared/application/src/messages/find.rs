//! Finding one message by its id.

use std::sync::Arc;

use parlance_domain::{authority::Caller, ids::MessageId, message::PlacedMessage};

use crate::{
    conversations::reader::Reader,
    ports::{PortError, conversations::ConversationRepository, log::MessageLog},
};

/// Finds the message that an id names, for somebody who may read it.
#[derive(Clone)]
pub struct FindMessage {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
}

/// Why a message is not shown.
#[derive(Debug, thiserror::Error)]
pub enum FindMessageError {
    /// There is no such message for this user.
    #[error("no such message")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl FindMessage {
    /// Takes the ports.
    pub fn new(log: Arc<dyn MessageLog>, conversations: Arc<dyn ConversationRepository>) -> Self {
        Self { log, conversations }
    }

    /// The message as it stands; a deleted one is its tombstone.
    pub async fn execute<'a>(
        &self,
        caller: impl Into<Caller<'a>>,
        id: MessageId,
    ) -> Result<PlacedMessage, FindMessageError> {
        let reader = Reader::of(self.conversations.as_ref(), caller, id.conversation)
            .await?
            .filter(|reader| id.seq >= reader.first)
            .ok_or(FindMessageError::NotFound)?;
        let entries = self.log.entries_at(id.conversation, &[id.seq]).await?;
        let mut message = entries
            .iter()
            .find_map(|entry| entry.message(id.conversation))
            .ok_or(FindMessageError::NotFound)?;
        message.hide_before(reader.first);
        Ok(message)
    }
}
