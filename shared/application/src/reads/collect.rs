//! Tells a group, all together, whose cursors have moved in the last seconds.

use std::sync::Arc;

use parlance_domain::{event::EventEncoder, ids::ConversationId};

use super::tell::{MOST_MEMBERS, read};
use crate::{
    delivery::{broadcaster::Broadcaster, lanes::MAX_FRAME_BYTES},
    log::rosters::RosterReader,
    ports::{
        PortError,
        cache::ConversationCache,
        delivery::{Broadcast, Hearing},
        rates::Counting,
        reads::MovedCursors,
    },
};

/// Collects moved cursors and tells of them.
#[derive(Clone)]
pub struct CollectReads {
    moved: Arc<dyn MovedCursors>,
    cache: Arc<dyn ConversationCache>,
    rosters: RosterReader,
    broadcaster: Broadcaster,
    encoder: Arc<dyn EventEncoder>,
}

impl CollectReads {
    /// Collects over these.
    pub fn new(
        moved: Arc<dyn MovedCursors>,
        cache: Arc<dyn ConversationCache>,
        rosters: RosterReader,
        broadcaster: Broadcaster,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { moved, cache, rosters, broadcaster, encoder }
    }

    /// Never fails: what was collected is not there a second time, and who was not told sees it when he reads the conversation.
    pub async fn execute(&self, conversations: Vec<ConversationId>) {
        let told = conversations.iter().map(|conversation| self.tell(*conversation));
        let told = futures::future::join_all(told).await;
        for (conversation, told) in conversations.iter().zip(told) {
            if let Err(error) = told {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    conversation.id = %conversation,
                    "cursors moved and nobody was told"
                );
            }
        }
    }

    /// One frame for everybody, unless so many have moved that they do not fit into one.
    async fn tell(&self, conversation: ConversationId) -> Result<(), PortError> {
        let moved = self.moved.collect(conversation).await;
        if moved.is_empty() {
            return Ok(());
        }
        let opening = self.cache.opening(conversation, &Counting::nothing()).await;
        let (version, roster) = match (opening.head, opening.current_roster()) {
            (Some(head), Some(roster)) => (head.roster_version, Arc::clone(roster)),
            _ => match self.rosters.current(conversation).await? {
                Some((head, roster)) => (head.roster_version, roster),
                None => return Ok(()),
            },
        };
        if roster.len() > MOST_MEMBERS {
            return Ok(());
        }
        let signals: Vec<Vec<u8>> = moved
            .iter()
            .filter(|(user, _)| roster.member(user).is_some())
            .map(|(user, cursor)| self.encoder.signal(&read(conversation, user, *cursor)))
            .collect();
        for frame in self.frames(&signals) {
            let broadcast = Broadcast {
                conversation,
                seq: None,
                roster_version: version,
                hearing: Hearing::Log,
                subjects: Vec::new(),
                except: None,
                frame,
            };
            self.broadcaster.broadcast(&broadcast, &roster, opening.has_relay).await?;
        }
        Ok(())
    }

    /// The signals as few frames as hold them.
    fn frames(&self, signals: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut rest = signals;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |(place, signal): &(usize, &Vec<u8>)| {
                bytes += signal.len();
                bytes + self.encoder.batch_overhead(place + 1) <= MAX_FRAME_BYTES
            };
            let fitting = rest.iter().enumerate().take_while(fits).count().max(1);
            let (now, later) = rest.split_at(fitting);
            let parts: Vec<&[u8]> = now.iter().map(Vec::as_slice).collect();
            frames.push(match parts.as_slice() {
                [only] => only.to_vec(),
                parts => self.encoder.batch(parts),
            });
            rest = later;
        }
        frames
    }
}
