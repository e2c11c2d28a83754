//! The queue in which attachments wait until somebody looks after them.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use parlance_application::ports::{PortError, attachments::AttachmentTimer};
use parlance_domain::ids::AttachmentId;
use serde::{Deserialize, Serialize};

use super::TimerQueue;

/// Keeps attachments waiting in a queue.
#[derive(Debug, Clone)]
pub struct SqsAttachmentTimer {
    queue: TimerQueue,
}

impl SqsAttachmentTimer {
    /// Sends to this queue.
    pub fn new(client: Client, queue_url: &str) -> Self {
        Self { queue: TimerQueue { client, url: queue_url.to_owned(), port: "attachment timer" } }
    }
}

#[async_trait]
impl AttachmentTimer for SqsAttachmentTimer {
    async fn look_again(&self, id: AttachmentId, after: Duration) -> Result<(), PortError> {
        self.queue.send(&WaitingAttachment { attachment: id }, after).await
    }
}

#[derive(Serialize, Deserialize)]
struct WaitingAttachment {
    attachment: AttachmentId,
}

/// The attachment that a message of the queue is about; `None` for what was never sent by this adapter.
pub fn waiting_attachment(body: &str) -> Option<AttachmentId> {
    serde_json::from_str(body).ok().map(|waiting: WaitingAttachment| waiting.attachment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_attachment() {
        let attachment = AttachmentId::from_bytes([5; 16]);
        let body = serde_json::to_string(&WaitingAttachment { attachment }).unwrap();
        assert_eq!(waiting_attachment(&body), Some(attachment));
        assert_eq!(waiting_attachment("{}"), None);
    }
}
