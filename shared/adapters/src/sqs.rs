//! Queues: the timer, whose messages come after their delay, and the deliveries of webhooks.

mod deliveries;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use parlance_application::ports::{PortError, delivery::EntryTimer};
use parlance_domain::{head::Seq, ids::ConversationId};
use serde::{Deserialize, Serialize};

pub use self::deliveries::{SqsDeliveryQueue, waiting_delivery};
use crate::aws::failure::failed;

const PORT: &str = "entry timer";

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
        let body = serde_json::to_string(&WaitingEntry { conversation, seq: seq.get() })
            .map_err(|error| PortError::new(PORT, error))?;
        let seconds = after.as_millis().div_ceil(1000).min(u128::from(LONGEST_DELAY_SECONDS));
        let call = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .delay_seconds(i32::try_from(seconds).unwrap_or_default());
        call.send().await.map_err(|error| failed(PORT, "SendMessage", &error)).map(drop)
    }
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
        assert_eq!(waiting_entry(&body.replace('7', "0")), None);
    }
}
