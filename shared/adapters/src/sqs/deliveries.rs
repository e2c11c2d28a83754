//! What waits to be delivered to webhooks. A delivery is not deleted until its receiver has it; until then it hides for its pause, and
//! the queue's own count of how often it was handed out sets it aside.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use parlance_application::ports::{
    PortError,
    webhooks::{Delivery, DeliveryQueue},
};
use parlance_domain::ids::WebhookId;
use serde::{Deserialize, Serialize};

use crate::aws::failure::{failed, failed_because};

const PORT: &str = "webhook deliveries";

/// How many messages one call takes.
const MESSAGES_PER_CALL: usize = 10;

/// How many bytes one call takes.
const BYTES_PER_CALL: usize = 256 * 1024;

/// The longest that a message may be hidden, in seconds: twelve hours, less the time that it was worked on.
const LONGEST_PAUSE_SECONDS: u64 = 43_200 - 60;

/// Keeps deliveries in a queue.
#[derive(Debug, Clone)]
pub struct SqsDeliveryQueue {
    client: Client,
    queue_url: String,
}

#[derive(Serialize, Deserialize)]
struct WaitingDelivery {
    webhook: WebhookId,
    delivery: String,
    body: String,
}

impl SqsDeliveryQueue {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { client, queue_url: queue_url.to_owned() }
    }

    async fn send(&self, bodies: &[String]) -> Vec<Result<(), PortError>> {
        let all_failed = |error: PortError| {
            let others =
                std::iter::repeat_with(|| Err(failed_because(PORT, "SendMessageBatch", "the call failed")));
            std::iter::once(Err(error)).chain(others).take(bodies.len()).collect()
        };
        let entries = bodies.iter().enumerate().map(|(place, body)| {
            SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body).build()
        });
        let entries = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => entries,
            Err(error) => return all_failed(PortError::new(PORT, error)),
        };
        let call = self.client.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries));
        match call.send().await {
            Ok(answer) => {
                let sent = |place: usize| {
                    let id = place.to_string();
                    if answer.successful().iter().any(|entry| entry.id() == id) {
                        return Ok(());
                    }
                    let failure = answer.failed().iter().find(|entry| entry.id() == id);
                    let code = failure.map_or("no answer", |entry| entry.code());
                    Err(failed_because(PORT, "SendMessageBatch", code))
                };
                (0..bodies.len()).map(sent).collect()
            }
            Err(error) => all_failed(failed(PORT, "SendMessageBatch", &error)),
        }
    }
}

#[async_trait]
impl DeliveryQueue for SqsDeliveryQueue {
    async fn enqueue(&self, deliveries: &[Delivery]) -> Vec<Result<(), PortError>> {
        let bodies: Vec<String> = deliveries.iter().map(spelled).collect();
        let (mut outcomes, mut rest) = (Vec::with_capacity(bodies.len()), bodies.as_slice());
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take(MESSAGES_PER_CALL).take_while(|body| {
                bytes += body.len();
                bytes <= BYTES_PER_CALL
            });
            let (call, after) = rest.split_at(fitting.count().max(1));
            outcomes.append(&mut self.send(call).await);
            rest = after;
        }
        outcomes
    }

    async fn postpone(&self, receipt: &str, pause: Duration) -> Result<(), PortError> {
        let seconds = pause.as_secs().min(LONGEST_PAUSE_SECONDS);
        let call = self
            .client
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or_default());
        call.send().await.map_err(|error| failed(PORT, "ChangeMessageVisibility", &error)).map(drop)
    }
}

fn spelled(delivery: &Delivery) -> String {
    let Delivery { webhook, id, body } = delivery.clone();
    serde_json::to_string(&WaitingDelivery { webhook, delivery: id, body }).unwrap_or_default()
}

/// The delivery that a message of the queue is; `None` for what was never sent by this adapter.
pub fn waiting_delivery(body: &str) -> Option<Delivery> {
    let WaitingDelivery { webhook, delivery, body } = serde_json::from_str(body).ok()?;
    Some(Delivery { webhook, id: delivery, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_delivery() {
        let delivery = Delivery {
            webhook: WebhookId::from_bytes([5; 16]),
            id: "e_1-w_2".to_owned(),
            body: r#"{"id":"e_1","text":"a \"quoted\" text"}"#.to_owned(),
        };
        assert_eq!(waiting_delivery(&spelled(&delivery)), Some(delivery));
        assert_eq!(waiting_delivery("{}"), None);
    }
}
