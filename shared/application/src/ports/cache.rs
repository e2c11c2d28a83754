//! What Redis remembers of conversations: hints that make the common case cheap and are never the truth.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_domain::{
    head::{Head, Seq},
    ids::{ConversationId, UserId},
    roster::Roster,
};

use super::{
    conversations::ReadCursor,
    rates::{Count, Counting},
};

/// Remembers heads, rosters and own positions. Nothing here fails: a cache that is down remembers nothing, within its deadline.
///
/// A hint may be old, lost, rolled back or, after a fault, ahead of the log; every user of it must come out right all the same.
#[async_trait]
pub trait ConversationCache: Send + Sync {
    /// What a sender wants to know before he appends, in one round trip, which counts his request along the way.
    async fn opening(&self, conversation: ConversationId, counting: &Counting) -> Opening;

    /// Remembers a head. The newest wins, whatever order writers come in. Says whether no older one can be read any more; where nothing
    /// is ever remembered, none can.
    async fn record_head(&self, conversation: ConversationId, head: &Head) -> bool;

    /// Forgets a head that turned out to be wrong.
    async fn forget_head(&self, conversation: ConversationId);

    /// Remembers the roster under the version that the reader knew before he read it.
    async fn record_roster(&self, conversation: ConversationId, version: Seq, roster: &Roster);

    /// The heads of many conversations, in their order, in one round trip.
    async fn heads(&self, conversations: &[ConversationId]) -> Vec<Option<Head>>;

    /// Remembers that the user's own message reads up to it; with no `position`, only answers what is remembered for the user.
    async fn own_positions(
        &self,
        user: &UserId,
        position: Option<(ConversationId, ReadCursor)>,
    ) -> Vec<(ConversationId, ReadCursor)>;
}

impl Opening {
    /// The remembered roster, if it is of the remembered head's version or later.
    pub fn current_roster(&self) -> Option<&Arc<Roster>> {
        let (version, roster) = self.roster.as_ref()?;
        self.head.is_some_and(|head| *version >= head.roster_version).then_some(roster)
    }
}

/// What the cache knows of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// The newest head that somebody recorded.
    pub head: Option<Head>,
    /// A roster, and the version that its reader knew before he read it: it is that version's or a later one's.
    pub roster: Option<(Seq, Arc<Roster>)>,
    /// Whether a relay lives, which would deliver what is published.
    pub has_relay: bool,
    /// Where the counters stand, in their order; empty where they could not be counted.
    pub counts: Vec<Count>,
}
