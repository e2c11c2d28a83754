//! Deletes a conversation: a closing entry, after which nobody appends.

use async_trait::async_trait;
use parlance_domain::{authority::Actor, log::EntryBody, permissions::Right};

use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// The conversation is to end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Close;

#[async_trait]
impl Change for Close {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        actor.require(Right::DeleteConversation)?;
        Ok(Plan::Write {
            body: EntryBody::ConversationDeleted,
            changes: vec![RowChange::Close { since: ground.conversation.since }],
        })
    }
}
