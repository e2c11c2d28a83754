//! Changes a conversation's title.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    conversation::Title,
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

/// The title is to change; the same title again changes nothing.
pub struct Retitle {
    /// Where the conversation's row is read.
    pub conversations: Arc<dyn ConversationRepository>,
    /// Which.
    pub conversation: ConversationId,
    /// The new title.
    pub title: Title,
}

#[async_trait]
impl Change for Retitle {
    async fn plan(&self, actor: Member<'_>, _: &Head, _: &Roster) -> Result<Plan, ChangeError> {
        actor.require(Right::Retitle)?;
        let found = self.conversations.find(self.conversation).await?.ok_or(ChangeError::NotFound)?;
        if found.title.as_ref() == Some(&self.title) {
            return Ok(Plan::Nothing);
        }
        Ok(Plan::Write {
            body: EntryBody::ConversationRetitled { title: self.title.clone() },
            changes: vec![RowChange::SetTitle { title: self.title.clone(), since: found.since }],
        })
    }
}
