//! The proof that somebody may read a conversation, and from where on.

use parlance_domain::{
    authority::Caller,
    conversation::History,
    head::Seq,
    ids::{ConversationId, UserId},
    log::{Entry, EntryBody},
};

use crate::ports::{
    PortError,
    conversations::{ConversationRepository, Membership},
};

/// Somebody of whom a membership, read strongly, says that he is in the conversation; or who oversees it by a scope of his token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// His membership, if he is in the conversation.
    pub membership: Option<Membership>,
    /// Where his log begins: 1, or where he joined when the conversation hides what came before.
    pub first: Seq,
}

impl Reader {
    /// Reads the membership; `None` for a stranger and for a conversation that does not exist alike.
    pub async fn of<'a>(
        conversations: &dyn ConversationRepository,
        caller: impl Into<Caller<'a>>,
        conversation: ConversationId,
    ) -> Result<Option<Self>, PortError> {
        let caller = caller.into();
        let Some(membership) = conversations.membership(caller.user, conversation).await? else {
            return Self::overseeing(conversations, caller, conversation).await;
        };
        let first = if membership.joined == Seq::FIRST {
            Seq::FIRST
        } else {
            match conversations.find(conversation).await? {
                Some(found) => first_visible(found.history, membership.joined),
                None => return Ok(None),
            }
        };
        Ok(Some(Self { membership: Some(membership), first }))
    }

    /// Somebody who is not in the conversation, and sees all of it because of a scope.
    async fn overseeing(
        conversations: &dyn ConversationRepository,
        caller: Caller<'_>,
        conversation: ConversationId,
    ) -> Result<Option<Self>, PortError> {
        if !caller.is_service && !caller.is_admin {
            return Ok(None);
        }
        let found = conversations.find(conversation).await?;
        let is_overseen = found.is_some_and(|conversation| caller.oversees(&conversation));
        Ok(is_overseen.then_some(Self { membership: None, first: Seq::FIRST }))
    }

    /// The entry by which he was taken out of the conversation, if it stands among these: his membership was read before them, and what
    /// comes after it is not for him.
    pub fn left_at(&self, user: &UserId, entries: &[Entry]) -> Option<Seq> {
        let joined = self.membership.as_ref()?.joined;
        let takes_him = |entry: &&Entry| matches!(&entry.body, EntryBody::ParticipantRemoved { user: taken } if taken == user);
        entries.iter().filter(takes_him).map(|entry| entry.seq).filter(|seq| *seq > joined).max()
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
