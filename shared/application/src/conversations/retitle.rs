//! Changes a conversation's title.

use async_trait::async_trait;
use parlance_domain::{authority::Actor, conversation::Title, log::EntryBody, permissions::Right};

use crate::{
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::RowChange,
};

/// The title is to change; the same title again changes nothing.
#[derive(Debug, Clone)]
pub struct Retitle {
    /// The new title.
    pub title: Title,
}

#[async_trait]
impl Change for Retitle {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        actor.require(Right::Retitle)?;
        if ground.conversation.title.as_ref() == Some(&self.title) {
            return Ok(Plan::Nothing);
        }
        Ok(Plan::Write {
            body: EntryBody::ConversationRetitled { title: self.title.clone() },
            changes: vec![RowChange::SetTitle {
                title: self.title.clone(),
                since: ground.conversation.since,
            }],
        })
    }
}
