//! From an entry that stands to a broadcast on its way, with the hint that the next writer will want.

use std::sync::Arc;

use parlance_domain::{
    event::{Event, EventEncoder},
    ids::{ConnectionId, ConversationId, UserId},
    log::Entry,
    roster::Roster,
};

use super::{audiences::Audiences, broadcaster::Broadcaster};
use crate::ports::{PortError, cache::ConversationCache, delivery::Broadcast};

/// What follows every entry that a function writes.
#[derive(Clone)]
pub struct Announcer {
    broadcaster: Broadcaster,
    audiences: Audiences,
    cache: Arc<dyn ConversationCache>,
    encoder: Arc<dyn EventEncoder>,
}

/// An entry that stands, and whom it concerns.
pub struct Announcement<'a> {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry.
    pub entry: &'a Entry,
    /// The same as clients are told it.
    pub event: &'a Event,
    /// A roster of the entry's version or later.
    pub roster: &'a Roster,
    /// Users who hear it although that roster does not name them.
    pub subjects: Vec<UserId>,
    /// The socket that asked: it gets the answer instead.
    pub except: Option<ConnectionId>,
    /// Whether a relay was alive when the request began.
    pub has_relay: bool,
}

impl Announcer {
    /// Announces through these.
    pub fn new(
        broadcaster: Broadcaster,
        audiences: Audiences,
        cache: Arc<dyn ConversationCache>,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { broadcaster, audiences, cache, encoder }
    }

    /// Remembers the head and tells everybody. Never fails: what is missed here the stream makes good.
    pub async fn announce(&self, announcement: Announcement<'_>) {
        let (conversation, entry) = (announcement.conversation, announcement.entry);
        let head = entry.head();
        let (_, told) = futures::join!(self.cache.record_head(conversation, &head), self.tell(announcement));
        if let Err(error) = told {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                seq = entry.seq.get(),
                "event left to the stream"
            );
        }
    }

    async fn tell(&self, announcement: Announcement<'_>) -> Result<(), PortError> {
        let Announcement { conversation, entry, event, roster, subjects, except, has_relay } = announcement;
        let audiences = self.audiences.of(event, roster).await?;
        let shapes: Vec<Broadcast> = audiences
            .into_iter()
            .map(|(hearing, event)| Broadcast {
                conversation,
                seq: Some(entry.seq),
                roster_version: entry.roster_version,
                hearing,
                subjects: subjects.clone(),
                except: except.clone(),
                frame: self.encoder.event(&event),
            })
            .collect();
        self.broadcaster.broadcast_shapes(&shapes, roster, has_relay).await
    }
}
