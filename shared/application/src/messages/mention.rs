//! Tells the people whom a message names, whatever they have open.

use std::sync::Arc;

use parlance_domain::{
    event::EventEncoder,
    ids::UserId,
    log::Entry,
    message::PlacedMessage,
    roster::Roster,
    signal::{Notification, Signal, SignalBody},
};

use crate::{
    delivery::broadcaster::Broadcaster,
    ports::delivery::{Broadcast, Hearing},
};

/// Notifies those who are mentioned.
#[derive(Clone)]
pub struct NotifyMentioned {
    broadcaster: Broadcaster,
    encoder: Arc<dyn EventEncoder>,
}

impl NotifyMentioned {
    /// Notifies through these.
    pub fn new(broadcaster: Broadcaster, encoder: Arc<dyn EventEncoder>) -> Self {
        Self { broadcaster, encoder }
    }

    /// One signal for all members whom the message names, but for its sender. A message that names nobody costs nothing.
    ///
    /// Never fails: the message itself says whom it mentions.
    pub async fn execute(&self, entry: &Entry, message: &PlacedMessage, roster: &Roster, has_relay: bool) {
        let subjects = mentioned(message, roster);
        if subjects.is_empty() {
            return;
        }
        let conversation = message.id.conversation;
        let mention = Notification::Mention { message: message.id, by: message.sender.clone() };
        let signal = Signal {
            conversation: Some(conversation),
            at: message.created_at,
            body: SignalBody::Notification(mention),
        };
        let broadcast = Broadcast {
            conversation,
            seq: None,
            roster_version: entry.roster_version,
            hearing: Hearing::Personal,
            subjects,
            except: None,
            frame: self.encoder.signal(&signal),
        };
        if let Err(error) = self.broadcaster.broadcast(&broadcast, roster, has_relay).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                "mentions that nobody was told of"
            );
        }
    }
}

fn mentioned(message: &PlacedMessage, roster: &Roster) -> Vec<UserId> {
    let named = message.message.body.mentions.iter();
    let mut users: Vec<UserId> =
        named.filter(|user| **user != message.sender && roster.member(user).is_some()).cloned().collect();
    users.sort_unstable();
    users.dedup();
    users
}
