//! Queues: the timers, whose messages come after their delay, and the deliveries of webhooks.

mod attachments;
mod deliveries;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use parlance_application::ports::{
    PortError,
    connections::{AnnouncementTimer, Unannounced},
    delivery::{EntryLook, EntryTimer},
    presence::PresenceTimer,
    reads::ReadTimer,
};
use parlance_domain::{
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

pub use self::{
    attachments::{SqsAttachmentTimer, waiting_attachment},
    deliveries::{SqsDeliveryQueue, waiting_delivery},
};
use crate::aws::failure::failed;

/// The longest delay of a message, in seconds.
const LONGEST_DELAY_SECONDS: u64 = 900;

/// A queue whose messages come after their delay.
#[derive(Debug, Clone)]
struct TimerQueue {
    client: Client,
    url: String,
    port: &'static str,
}

impl TimerQueue {
    async fn send<T: Serialize + Sync>(&self, message: &T, after: Duration) -> Result<(), PortError> {
        let body = serde_json::to_string(message).map_err(|error| PortError::new(self.port, error))?;
        let seconds = after.as_millis().div_ceil(1000).min(u128::from(LONGEST_DELAY_SECONDS));
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(i32::try_from(seconds).unwrap_or_default());
        call.send().await.map_err(|error| failed(self.port, "SendMessage", &error)).map(drop)
    }
}

/// Keeps entries waiting in a queue.
#[derive(Debug, Clone)]
pub struct SqsEntryTimer {
    queue: TimerQueue,
}

impl SqsEntryTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { queue: TimerQueue { client, url: queue_url.to_owned(), port: "entry timer" } }
    }
}

#[async_trait]
impl EntryTimer for SqsEntryTimer {
    async fn look_again(
        &self,
        conversation: ConversationId,
        seq: Seq,
        look: EntryLook,
        after: Duration,
    ) -> Result<(), PortError> {
        let only_head = look == EntryLook::Head;
        self.queue.send(&WaitingEntry { conversation, seq: seq.get(), only_head }, after).await
    }
}

/// Keeps collections of moved cursors waiting in a queue.
#[derive(Debug, Clone)]
pub struct SqsReadTimer {
    queue: TimerQueue,
}

impl SqsReadTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { queue: TimerQueue { client, url: queue_url.to_owned(), port: "read timer" } }
    }
}

#[async_trait]
impl ReadTimer for SqsReadTimer {
    async fn collect_after(&self, conversation: ConversationId, delay: Duration) -> Result<(), PortError> {
        self.queue.send(&WaitingCollection { conversation }, delay).await
    }
}

#[derive(Serialize, Deserialize)]
struct WaitingCollection {
    conversation: ConversationId,
}

/// The conversation whose moved cursors a message of the queue is about; `None` for what was never sent by this adapter.
pub fn waiting_collection(body: &str) -> Option<ConversationId> {
    serde_json::from_str(body).ok().map(|waiting: WaitingCollection| waiting.conversation)
}

#[derive(Serialize, Deserialize)]
struct WaitingEntry {
    conversation: ConversationId,
    seq: u64,
    #[serde(default)]
    only_head: bool,
}

/// The entry that a message of the queue is about, and what for; `None` for what was never sent by this adapter.
pub fn waiting_entry(body: &str) -> Option<(ConversationId, Seq, EntryLook)> {
    let waiting: WaitingEntry = serde_json::from_str(body).ok()?;
    let look = if waiting.only_head { EntryLook::Head } else { EntryLook::Delivery };
    Some((waiting.conversation, Seq::new(waiting.seq)?, look))
}

/// Keeps people waiting in a queue until somebody looks at them, and their sockets until they are announced.
#[derive(Debug, Clone)]
pub struct SqsPresenceTimer {
    queue: TimerQueue,
}

impl SqsPresenceTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { queue: TimerQueue { client, url: queue_url.to_owned(), port: "presence timer" } }
    }
}

#[async_trait]
impl PresenceTimer for SqsPresenceTimer {
    async fn look_later(
        &self,
        user: &UserId,
        left_at: Option<Timestamp>,
        after: Duration,
    ) -> Result<(), PortError> {
        let left_at = left_at.map(Timestamp::as_millis);
        self.queue.send(&WaitingErrand::Look { user: user.clone(), left_at }, after).await
    }
}

#[async_trait]
impl AnnouncementTimer for SqsPresenceTimer {
    async fn announce_later(&self, socket: &Unannounced, after: Duration) -> Result<(), PortError> {
        let Unannounced { user, connection, since } = socket.clone();
        let message = WaitingErrand::Announce { user, connection, since: since.as_millis() };
        self.queue.send(&message, after).await
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WaitingErrand {
    Look { user: UserId, left_at: Option<u64> },
    Announce { user: UserId, connection: ConnectionId, since: u64 },
}

/// What a message of the queue asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceErrand {
    /// A look at somebody, and when he left.
    Look(UserId, Option<Timestamp>),
    /// That senders are told of a socket.
    Announce(Unannounced),
}

impl PresenceErrand {
    /// Reads a message; `None` for what was never sent by this adapter.
    pub fn parse(body: &str) -> Option<Self> {
        Some(match serde_json::from_str(body).ok()? {
            WaitingErrand::Look { user, left_at } => Self::Look(user, left_at.map(Timestamp::from_millis)),
            WaitingErrand::Announce { user, connection, since } => {
                Self::Announce(Unannounced { user, connection, since: Timestamp::from_millis(since) })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_user_or_socket() {
        let user = UserId::parse("al\"ice").unwrap();
        for left_at in [None, Some(5)] {
            let body = serde_json::to_string(&WaitingErrand::Look { user: user.clone(), left_at }).unwrap();
            let left_at = left_at.map(Timestamp::from_millis);
            assert_eq!(PresenceErrand::parse(&body), Some(PresenceErrand::Look(user.clone(), left_at)));
        }
        let connection = ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap();
        let waiting =
            WaitingErrand::Announce { user: user.clone(), connection: connection.clone(), since: 7 };
        let socket = Unannounced { user, connection, since: Timestamp::from_millis(7) };
        let body = serde_json::to_string(&waiting).unwrap();
        assert_eq!(PresenceErrand::parse(&body), Some(PresenceErrand::Announce(socket)));
        assert_eq!(PresenceErrand::parse("{}"), None);
    }

    #[test]
    fn a_message_names_its_entry() {
        let conversation = ConversationId::from_bytes([5; 16]);
        let body =
            |only_head| serde_json::to_string(&WaitingEntry { conversation, seq: 7, only_head }).unwrap();
        for (only_head, look) in [(false, EntryLook::Delivery), (true, EntryLook::Head)] {
            assert_eq!(waiting_entry(&body(only_head)), Some((conversation, Seq::new(7).unwrap(), look)));
        }
        assert_eq!(waiting_entry("{}"), None);
        let collection = serde_json::to_string(&WaitingCollection { conversation }).unwrap();
        assert_eq!(waiting_collection(&collection), Some(conversation));
        assert_eq!(waiting_collection("{}"), None);
        assert_eq!(waiting_entry(&body(false).replace('7', "0")), None);
    }
}
