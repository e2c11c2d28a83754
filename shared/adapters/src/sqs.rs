//! Queues: the timer, whose messages come after their delay, and the deliveries of webhooks.

mod deliveries;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use parlance_application::ports::{PortError, delivery::EntryTimer, reads::ReadTimer};
use parlance_domain::{head::Seq, ids::ConversationId};
use serde::{Deserialize, Serialize};

pub use self::deliveries::{SqsDeliveryQueue, waiting_delivery};
use crate::aws::failure::failed;

const ENTRY_TIMER: &str = "entry timer";
const READ_TIMER: &str = "read timer";

/// The longest delay of a message, in seconds.
const LONGEST_DELAY_SECONDS: u64 = 900;

/// Keeps entries waiting in a queue.
#[derive(Debug, Clone)]
pub struct SqsEntryTimer {
    client: Client,
    queue_url: String,
}

impl SqsEntryTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { client, queue_url: queue_url.to_owned() }
    }
}

#[async_trait]
impl EntryTimer for SqsEntryTimer {
    async fn look_again(
        &self,
        conversation: ConversationId,
        seq: Seq,
        after: Duration,
    ) -> Result<(), PortError> {
        let body = WaitingEntry { conversation, seq: seq.get() };
        send_later(&self.client, &self.queue_url, &body, after, ENTRY_TIMER).await
    }
}

/// Keeps collections of moved cursors waiting in a queue.
#[derive(Debug, Clone)]
pub struct SqsReadTimer {
    client: Client,
    queue_url: String,
}

impl SqsReadTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { client, queue_url: queue_url.to_owned() }
    }
}

#[async_trait]
impl ReadTimer for SqsReadTimer {
    async fn collect_after(&self, conversation: ConversationId, delay: Duration) -> Result<(), PortError> {
        let body = WaitingCollection { conversation };
        send_later(&self.client, &self.queue_url, &body, delay, READ_TIMER).await
    }
}

/// Sends a message that comes after its delay, rounded up to a second.
async fn send_later<T: Serialize>(
    client: &Client,
    queue_url: &str,
    body: &T,
    delay: Duration,
    port: &'static str,
) -> Result<(), PortError> {
    let body = serde_json::to_string(body).map_err(|error| PortError::new(port, error))?;
    let seconds = delay.as_millis().div_ceil(1000).min(u128::from(LONGEST_DELAY_SECONDS));
    let call = client
        .send_message()
        .queue_url(queue_url)
        .message_body(body)
        .delay_seconds(i32::try_from(seconds).unwrap_or_default());
    call.send().await.map_err(|error| failed(port, "SendMessage", &error)).map(drop)
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
}

/// The entry that a message of the queue is about; `None` for what was never sent by this adapter.
pub fn waiting_entry(body: &str) -> Option<(ConversationId, Seq)> {
    let waiting: WaitingEntry = serde_json::from_str(body).ok()?;
    Some((waiting.conversation, Seq::new(waiting.seq)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_entry() {
        let conversation = ConversationId::from_bytes([5; 16]);
        let body = serde_json::to_string(&WaitingEntry { conversation, seq: 7 }).unwrap();
        assert_eq!(waiting_entry(&body), Some((conversation, Seq::new(7).unwrap())));
        assert_eq!(waiting_entry("{}"), None);
        let collection = serde_json::to_string(&WaitingCollection { conversation }).unwrap();
        assert_eq!(waiting_collection(&collection), Some(conversation));
        assert_eq!(waiting_collection("{}"), None);
        assert_eq!(waiting_entry(&body.replace('7', "0")), None);
    }
}
