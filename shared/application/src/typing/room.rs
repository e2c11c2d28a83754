//! A conversation as somebody finds it who types in it: that he is a member, who else is typing, and the way to tell them.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    event::EventEncoder,
    head::Head,
    ids::{ConnectionId, ConversationId, UserId},
    roster::Roster,
    signal::{Signal, SignalBody, TypingUser},
    time::Timestamp,
};

use crate::{
    delivery::broadcaster::Broadcaster,
    limits::{admission::Admission, limiter::RateLimited},
    log::rosters::RosterReader,
    ports::{
        PortError,
        cache::{ConversationCache, Opening},
        delivery::{Broadcast, Hearing},
        environment::Clock,
        typing::TypingBoard,
    },
};

/// In larger conversations typing is accepted and told to nobody.
pub const MAX_MEMBERS: usize = 100;

/// How long somebody counts as typing after he was last told of. Clients that repeat `typing.start` every three seconds are told of at
/// every second one, since half of this is left then.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(7);

/// Somebody, at one socket, who types in a conversation or stops.
#[derive(Debug, Clone)]
pub struct Typist {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub user: UserId,
    /// The socket that said so, which is not told.
    pub from: ConnectionId,
    /// The request, which the first round trip counts.
    pub admission: Admission,
}

/// Why a frame about typing is refused.
#[derive(Debug, thiserror::Error)]
pub enum TypingError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// He says so too often.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// An outside failed; to be retried.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What typing works over.
#[derive(Clone)]
pub struct TypingRooms {
    /// The hints.
    pub cache: Arc<dyn ConversationCache>,
    /// Rosters, where the cache does not know them.
    pub rosters: RosterReader,
    /// Who is typing.
    pub board: Arc<dyn TypingBoard>,
    /// The fan-out.
    pub broadcaster: Broadcaster,
    /// The spelling of events.
    pub encoder: Arc<dyn EventEncoder>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A conversation in which somebody may type.
pub(super) struct Room {
    /// Its newest entry.
    pub(super) head: Head,
    /// Who was typing when he came in.
    pub(super) typists: Vec<TypingUser>,
    /// When that was.
    pub(super) now: Timestamp,
    roster: Arc<Roster>,
    has_relay: bool,
}

impl TypingRooms {
    /// Lets a member in. `None` where nobody would be told: the conversation is too large, or the board is out of reach.
    ///
    /// Where the cache knows head and roster, the table is not asked. A refusal never rests on the cache.
    pub(super) async fn enter(&self, typist: &Typist) -> Result<Option<Room>, TypingError> {
        let (conversation, now) = (typist.conversation, self.clock.now());
        let counting = typist.admission.counting(None);
        let (mut opening, typists) = futures::join!(
            self.cache.opening(conversation, &counting),
            self.board.typists(conversation, now)
        );
        typist.admission.settle(&counting, std::mem::take(&mut opening.counts)).await?;
        let Some(typists) = typists else { return Ok(None) };
        let has_relay = opening.has_relay;
        let (head, roster) = match known(opening, &typist.user) {
            Some(known) => known,
            None => self.read(typist).await?,
        };
        Ok((roster.len() <= MAX_MEMBERS).then_some(Room { head, typists, now, roster, has_relay }))
    }

    async fn read(&self, typist: &Typist) -> Result<(Head, Arc<Roster>), TypingError> {
        let current = self.rosters.current(typist.conversation).await?;
        let (head, roster) = current.ok_or(TypingError::NotFound)?;
        roster.member(&typist.user).ok_or(TypingError::NotFound)?;
        self.cache.record_head(typist.conversation, &head).await;
        Ok((head, roster))
    }

    /// Tells the members who is typing: everybody, which replaces what they were told before. What fails is not made good.
    pub(super) async fn tell(&self, typist: Typist, room: &Room, users: Vec<TypingUser>) {
        let conversation = typist.conversation;
        let signal =
            Signal { conversation: Some(conversation), at: room.now, body: SignalBody::Typing { users } };
        let broadcast = Broadcast {
            conversation,
            seq: None,
            roster_version: room.head.roster_version,
            hearing: Hearing::Typing,
            subjects: Vec::new(),
            except: Some(typist.from),
            frame: self.encoder.signal(&signal),
        };
        if let Err(error) = self.broadcaster.broadcast(&broadcast, &room.roster, room.has_relay).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                "typing was not told to everybody"
            );
        }
    }
}

/// What the cache knows, if that is enough to let the user in.
fn known(opening: Opening, user: &UserId) -> Option<(Head, Arc<Roster>)> {
    let (head, (version, roster)) = (opening.head?, opening.roster?);
    let is_current = version >= head.roster_version && !head.is_closed();
    (is_current && roster.member(user).is_some()).then_some((head, roster))
}
