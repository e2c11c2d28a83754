//! Somebody goes, by himself or removed, and never leaves a conversation without an owner behind.

use parlance_domain::{
    authority::Caller,
    ids::{ConversationId, UserId},
};

use super::{leave::Leave, remove::RemoveParticipant, succession::Succession};
use crate::{
    conversations::change::{ChangeConversation, ChangeRequest},
    log::change::{Change, ChangeError, Changed},
};

/// How often an heir is looked for: each time another one may have left meanwhile.
const ATTEMPTS: usize = 4;

/// Lets people go.
#[derive(Clone)]
pub struct Departure {
    changes: ChangeConversation,
}

impl Departure {
    /// Changes conversations by this use case.
    pub const fn new(changes: ChangeConversation) -> Self {
        Self { changes }
    }

    /// The caller leaves.
    pub async fn leave(
        &self,
        caller: Caller<'_>,
        conversation: ConversationId,
    ) -> Result<Changed, ChangeError> {
        self.depart(caller, conversation, caller.user, &Leave).await
    }

    /// The caller removes somebody.
    pub async fn remove(
        &self,
        caller: Caller<'_>,
        conversation: ConversationId,
        user: &UserId,
    ) -> Result<Changed, ChangeError> {
        self.depart(caller, conversation, user, &RemoveParticipant { user: user.clone() }).await
    }

    async fn depart(
        &self,
        caller: Caller<'_>,
        conversation: ConversationId,
        leaving: &UserId,
        change: &dyn Change,
    ) -> Result<Changed, ChangeError> {
        let request = ChangeRequest { conversation, caller, subject: None, from: None };
        for _ in 0..ATTEMPTS {
            let departed = ChangeRequest { subject: Some(leaving), ..request.clone() };
            match self.changes.execute(departed, change).await {
                Err(ChangeError::LastOwner) => {
                    let succession = Succession { leaving: leaving.clone() };
                    self.changes.execute(request.clone(), &succession).await?;
                }
                outcome => return outcome,
            }
        }
        Err(ChangeError::Contended)
    }
}
