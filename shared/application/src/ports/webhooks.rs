//! Webhooks: where they are kept, what waits to be delivered, and the way to their receivers.

use std::time::Duration;

use async_trait::async_trait;
use parlance_domain::{
    ids::WebhookId,
    webhook::{Webhook, WebhookUrl},
};

use super::{PortError, Replacing};

/// Keeps webhooks. There are few of them: all can be read at once.
#[async_trait]
pub trait WebhookRepository: Send + Sync {
    /// Keeps a new one.
    async fn create(&self, webhook: &Webhook) -> Result<(), PortError>;

    /// One of them, read strongly.
    async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, PortError>;

    /// All of them, by id, read strongly.
    async fn all(&self) -> Result<Vec<Webhook>, PortError>;

    /// Replaces the version before this one.
    async fn replace(&self, webhook: &Webhook) -> Result<Replacing, PortError>;

    /// Deletes one; one that is not there is no error.
    async fn delete(&self, id: WebhookId) -> Result<(), PortError>;
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To whom.
    pub webhook: WebhookId,
    /// By what the receiver knows a repetition.
    pub id: String,
    /// The event.
    pub body: String,
}

/// What waits to be delivered. It hands out a delivery again until it is reported as done, and sets aside what was handed out too often.
#[async_trait]
pub trait DeliveryQueue: Send + Sync {
    /// Adds deliveries. For each, in their order: `Ok`, or why it has to be added again; it may be there even then.
    async fn enqueue(&self, deliveries: &[Delivery]) -> Vec<Result<(), PortError>>;

    /// Hands out the delivery of this receipt again after the pause, and not before. At most 12 hours.
    async fn postpone(&self, receipt: &str, pause: Duration) -> Result<(), PortError>;
}

/// Posts to receivers, and only to addresses that the stack allows: the address that was checked is the one that is connected to.
#[async_trait]
pub trait WebhookClient: Send + Sync {
    /// Posts one delivery. Returns within the adapter's deadline, never retries, and follows no redirection.
    async fn post(&self, delivery: &SignedDelivery<'_>) -> Receipt;
}

/// A delivery as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDelivery<'a> {
    /// Where to.
    pub url: &'a WebhookUrl,
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub seconds: u64,
    /// `webhook-signature`.
    pub signatures: String,
    /// The body.
    pub body: &'a str,
}

/// What the receiver made of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It has it: a status of 200 to 299.
    Accepted,
    /// It is gone for good: 410.
    Gone,
    /// It answered with another status.
    Refused(u16),
    /// Its name leads to an address that is not allowed.
    Forbidden,
    /// It did not answer in time, or could not be reached.
    Unreachable,
}
