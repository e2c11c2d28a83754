//! One attempt at a delivery: signed, judged, and postponed with growing pauses until it is given up.

use std::{sync::Arc, time::Duration};

use parlance_domain::webhook::{DisabledReason, Health, Webhook};

use super::ATTEMPTS;
use crate::ports::{
    PortError, Replacing,
    environment::{Clock, Random},
    webhooks::{Delivery, DeliveryQueue, Receipt, SignedDelivery, WebhookClient, WebhookRepository},
};

/// Delivers to webhooks.
#[derive(Clone)]
pub struct DeliverWebhook {
    webhooks: Arc<dyn WebhookRepository>,
    queue: Arc<dyn DeliveryQueue>,
    client: Arc<dyn WebhookClient>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    patience: Patience,
}

/// How long is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The pauses after the first, second, … failure; the last of them stands for all further ones.
    pub pauses: Vec<Duration>,
    /// After how many attempts the queue sets a delivery aside.
    pub attempts: u32,
    /// A webhook that has accepted nothing for so long is disabled.
    pub disable_after: Duration,
}

impl Patience {
    /// The pause after the failure of this attempt; `None` after the last.
    fn pause_after(&self, attempt: u32) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.pauses.get(place).or(self.pauses.last()).copied()
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempted {
    /// The receiver has it.
    Delivered,
    /// Nobody wants it any more: the webhook was deleted, or is disabled.
    Dropped,
    /// It comes again after a pause.
    Postponed(Receipt),
    /// That was the last attempt: the queue sets it aside.
    GivenUp(Receipt),
}

impl DeliverWebhook {
    /// Takes the ports, and how long to try.
    pub fn new(
        webhooks: Arc<dyn WebhookRepository>,
        queue: Arc<dyn DeliveryQueue>,
        client: Arc<dyn WebhookClient>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        patience: Patience,
    ) -> Self {
        Self { webhooks, queue, client, clock, random, patience }
    }

    /// Makes the attempt of this number, from 1; `receipt` names the delivery to the queue.
    pub async fn execute(
        &self,
        delivery: &Delivery,
        attempt: u32,
        receipt: &str,
    ) -> Result<Attempted, PortError> {
        let Some(webhook) = self.webhooks.find(delivery.webhook).await?.filter(|found| !found.is_disabled())
        else {
            return Ok(Attempted::Dropped);
        };
        let now = self.clock.now();
        let signed = SignedDelivery {
            url: &webhook.url,
            id: &delivery.id,
            seconds: now.as_secs(),
            signatures: webhook.signatures(&delivery.id, &delivery.body, now),
            body: &delivery.body,
        };
        let answer = self.client.post(&signed).await;
        let is_disabled = self.judge(webhook, answer).await?;
        if answer == Receipt::Accepted {
            return Ok(Attempted::Delivered);
        }
        if is_disabled {
            return Ok(Attempted::Dropped);
        }
        if let Some(pause) = self.patience.pause_after(attempt) {
            self.queue.postpone(receipt, self.jittered(pause)).await?;
            return Ok(Attempted::Postponed(answer));
        }
        // At once, so that it is seen to be set aside.
        self.queue.postpone(receipt, Duration::ZERO).await?;
        Ok(Attempted::GivenUp(answer))
    }

    /// Remembers with the webhook how it fares; says whether it is disabled from now on.
    async fn judge(&self, mut webhook: Webhook, answer: Receipt) -> Result<bool, PortError> {
        for _ in 0..ATTEMPTS {
            let health = self.health_after(webhook.health, answer);
            if health == webhook.health {
                return Ok(webhook.is_disabled());
            }
            let changed = Webhook { health, ..webhook.clone() }.next();
            if self.webhooks.replace(&changed).await? == Replacing::Replaced {
                return Ok(changed.is_disabled());
            }
            match self.webhooks.find(webhook.id).await? {
                Some(found) => webhook = found,
                None => return Ok(true),
            }
        }
        // Others are busy noting the same.
        Ok(webhook.is_disabled())
    }

    fn health_after(&self, health: Health, answer: Receipt) -> Health {
        let now = self.clock.now();
        match (health, answer) {
            (Health::Disabled { .. }, _) => health,
            (_, Receipt::Accepted) => Health::Working,
            (_, Receipt::Gone) => Health::Disabled { at: now, reason: DisabledReason::Gone },
            (Health::Failing { since }, _) if now.since(since) >= self.patience.disable_after => {
                Health::Disabled { at: now, reason: DisabledReason::Failing }
            }
            (Health::Failing { .. }, _) => health,
            (Health::Working, _) => Health::Failing { since: now },
        }
    }

    /// Up to a fifth longer, so that what failed together does not come back together.
    fn jittered(&self, pause: Duration) -> Duration {
        let spread = u64::try_from(pause.as_millis() / 5).unwrap_or(u64::MAX);
        pause + Duration::from_millis(self.random.below(spread))
    }
}
