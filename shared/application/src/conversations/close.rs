//! Deletes a conversation: a closing entry, after which nobody appends.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    head::Head,
    ids::ConversationId,
    log::EntryBody,
    permissions::Right,
    roster::{Member, Roster},
};

use crate::{
    log::change::{Change, ChangeError, Plan},
    ports::{conversations::ConversationRepository, log::RowChange},
};

/// The conversation is to end.
pub struct Close {
    /// Where the conversation's row is read.
    pub conversations: Arc<dyn ConversationRepository>,
    /// Which.
    pub conversation: ConversationId,
}

#[async_trait]
impl Change for Close {
    async fn plan(&self, actor: Member<'_>, _: &Head, _: &Roster) -> Result<Plan, ChangeError> {
        actor.require(Right::DeleteConversation)?;
        let found = self.conversations.find(self.conversation).await?.ok_or(ChangeError::NotFound)?;
        Ok(Plan::Write {
            body: EntryBody::ConversationDeleted,
            changes: vec![RowChange::Close { since: found.since }],
        })
    }
}
