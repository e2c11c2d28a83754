//! From the event bus to the webhooks that want an event: one delivery each.

use std::sync::Arc;

use parlance_domain::event::EventKind;

use crate::ports::{
    PortError,
    webhooks::{Delivery, DeliveryQueue, WebhookRepository},
};

/// Makes deliveries of events.
#[derive(Clone)]
pub struct DispatchEvents {
    webhooks: Arc<dyn WebhookRepository>,
    queue: Arc<dyn DeliveryQueue>,
}

/// An event as it comes from the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// Its id.
    pub id: String,
    /// Its type.
    pub kind: EventKind,
    /// The event, as receivers get it.
    pub body: String,
}

impl DispatchEvents {
    /// Takes the ports.
    pub fn new(webhooks: Arc<dyn WebhookRepository>, queue: Arc<dyn DeliveryQueue>) -> Self {
        Self { webhooks, queue }
    }

    /// Takes a batch of events. For each: `Ok` once every delivery of it waits, or why it has to come again. Then some webhooks get it
    /// twice, under the same id.
    pub async fn execute(&self, events: &[BusEvent]) -> Vec<Result<(), PortError>> {
        let webhooks = match self.webhooks.all().await {
            Ok(webhooks) => webhooks,
            Err(error) => {
                let again = || Err(PortError::new("webhooks", "the webhooks could not be read"));
                return std::iter::once(Err(error))
                    .chain(std::iter::repeat_with(again))
                    .take(events.len())
                    .collect();
            }
        };
        let mut deliveries = Vec::new();
        let mut origins = Vec::new();
        for (place, event) in events.iter().enumerate() {
            for webhook in webhooks.iter().filter(|webhook| webhook.hears(event.kind)) {
                let id = webhook.delivery_id(&event.id);
                deliveries.push(Delivery { webhook: webhook.id, id, body: event.body.clone() });
                origins.push(place);
            }
        }
        let mut outcomes: Vec<Result<(), PortError>> = events.iter().map(|_| Ok(())).collect();
        for (place, queued) in origins.into_iter().zip(self.queue.enqueue(&deliveries).await) {
            if let (Err(error), Some(outcome)) = (queued, outcomes.get_mut(place)) {
                *outcome = Err(error);
            }
        }
        outcomes
    }
}
