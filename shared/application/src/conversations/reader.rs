//! The proof that somebody may read a conversation, and from where on.

use parlance_domain::{
    conversation::History,
    head::Seq,
    ids::{ConversationId, UserId},
};

use crate::ports::{
    PortError,
    conversations::{ConversationRepository, Membership},
};

/// Somebody of whom a membership, read strongly, says that he is in the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// His membership.
    pub membership: Membership,
    /// Where his log begins: 1, or where he joined when the conversation hides what came before.
    pub first: Seq,
}

impl Reader {
    /// Reads the membership; `None` for a stranger and for a conversation that does not exist alike.
    pub async fn of(
        conversations: &dyn ConversationRepository,
        user: &UserId,
        conversation: ConversationId,
    ) -> Result<Option<Self>, PortError> {
        let Some(membership) = conversations.membership(user, conversation).await? else {
            return Ok(None);
        };
        let first = if membership.joined == Seq::FIRST {
            Seq::FIRST
        } else {
            match conversations.find(conversation).await? {
                Some(found) => first_visible(found.history, membership.joined),
                None => return Ok(None),
            }
        };
        Ok(Some(Self { membership, first }))
    }

    /// Where his log begins, if something before it is hidden from him.
    pub fn hidden_before(&self) -> Option<Seq> {
        (self.first > Seq::FIRST).then_some(self.first)
    }
}

/// Where the log begins for somebody who joined at `joined`.
pub const fn first_visible(history: History, joined: Seq) -> Seq {
    match history {
        History::All => Seq::FIRST,
        History::Joined => joined,
    }
}
