//! Tells others that somebody has read further: at once in a direct conversation, a few seconds later and all together in a group.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    conversation::ConversationKind,
    event::EventEncoder,
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
    roster::Roster,
    signal::{Signal, SignalBody},
};

use crate::{
    delivery::broadcaster::Broadcaster,
    log::rosters::RosterReader,
    ports::{
        PortError,
        cache::Opening,
        conversations::{ConversationRepository, ReadCursor},
        delivery::{Broadcast, Hearing},
        reads::{MovedCursors, Noted, ReadTimer},
    },
};

/// How long moves in a group are gathered before they are told.
pub const GATHERED_FOR: Duration = Duration::from_secs(5);

/// In larger conversations nobody is told; who wants to know asks for the receipts.
pub const MOST_MEMBERS: usize = 100;

/// Tells of cursors that have moved.
#[derive(Clone)]
pub struct TellReads {
    conversations: Arc<dyn ConversationRepository>,
    rosters: RosterReader,
    moved: Arc<dyn MovedCursors>,
    timer: Arc<dyn ReadTimer>,
    broadcaster: Broadcaster,
    encoder: Arc<dyn EventEncoder>,
}

/// A cursor that has just moved.
#[derive(Debug)]
pub struct CursorMove<'a> {
    /// The conversation.
    pub conversation: ConversationId,
    /// Whose cursor.
    pub user: &'a UserId,
    /// Where it stands now.
    pub cursor: ReadCursor,
    /// The socket that asked.
    pub from: Option<ConnectionId>,
    /// What was remembered of the conversation when the request began.
    pub opening: Opening,
}

impl TellReads {
    /// Tells over these.
    pub fn new(
        conversations: Arc<dyn ConversationRepository>,
        rosters: RosterReader,
        moved: Arc<dyn MovedCursors>,
        timer: Arc<dyn ReadTimer>,
        broadcaster: Broadcaster,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { conversations, rosters, moved, timer, broadcaster, encoder }
    }

    /// Never fails: the cursor stands, and what is not told here is seen when the conversation is read.
    pub async fn execute(&self, moved: CursorMove<'_>) {
        let conversation = moved.conversation;
        if let Err(error) = self.tell(moved).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                "a cursor moved and nobody was told"
            );
        }
    }

    async fn tell(&self, moved: CursorMove<'_>) -> Result<(), PortError> {
        match moved.opening.current_roster() {
            Some(roster) if is_direct(moved.conversation, roster) => self.at_once(&moved, roster).await,
            Some(roster) if roster.len() > MOST_MEMBERS => Ok(()),
            Some(_) => self.later(&moved).await,
            None => {
                let found = self.conversations.find(moved.conversation).await?;
                if found.is_none_or(|conversation| conversation.kind != ConversationKind::Direct) {
                    return self.later(&moved).await;
                }
                match self.rosters.current(moved.conversation).await? {
                    Some((_, roster)) => self.at_once(&moved, &roster).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn at_once(&self, moved: &CursorMove<'_>, roster: &Roster) -> Result<(), PortError> {
        let signal = read(moved.conversation, moved.user, moved.cursor);
        let broadcast = Broadcast {
            conversation: moved.conversation,
            seq: None,
            roster_version: moved.opening.head.map_or(Seq::FIRST, |head| head.roster_version),
            hearing: Hearing::Log,
            subjects: Vec::new(),
            except: moved.from.clone(),
            frame: self.encoder.signal(&signal),
        };
        self.broadcaster.broadcast(&broadcast, roster, moved.opening.has_relay).await
    }

    async fn later(&self, moved: &CursorMove<'_>) -> Result<(), PortError> {
        match self.moved.note(moved.conversation, moved.user, moved.cursor).await {
            Noted::First => self.timer.collect_after(moved.conversation, GATHERED_FOR).await,
            Noted::Another | Noted::Lost => Ok(()),
        }
    }
}

/// Whether these are the two people of a direct conversation, whose id follows from them.
fn is_direct(conversation: ConversationId, roster: &Roster) -> bool {
    let mut members = roster.members();
    match (members.next(), members.next(), members.next()) {
        (Some(one), Some(other), None) => ConversationId::direct(one.user, other.user) == conversation,
        _ => false,
    }
}

/// What is told of a cursor.
pub(super) fn read(conversation: ConversationId, user: &UserId, cursor: ReadCursor) -> Signal {
    let ReadCursor { seq, at, .. } = cursor;
    Signal { conversation: Some(conversation), at, body: SignalBody::Read { user: user.clone(), seq, at } }
}
