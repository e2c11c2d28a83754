//! What a [`WebhookRepository`] owes: what was kept is found whole, and of two changes at once one is told that it is late. And what a
//! [`DeliveryQueue`] owes: an answer for each delivery, in order.

use std::collections::BTreeSet;

use futures::future::join_all;
use parlance_application::ports::{
    Replacing,
    webhooks::{Delivery, DeliveryQueue, WebhookRepository},
};
use parlance_domain::{
    event::EventKind,
    ids::WebhookId,
    webhook::{Destinations, DisabledReason, Health, Webhook, WebhookSecret, WebhookUrl},
};

use super::fixtures::{NOW, user};

/// A webhook of somebody, with an id of its own.
pub fn webhook(owner: &str) -> Webhook {
    Webhook {
        id: WebhookId::from_bytes(rand::random()),
        owner: user(owner),
        url: WebhookUrl::parse("https://example.com/hook?tenant=%23", Destinations::Public).unwrap(),
        events: BTreeSet::from([EventKind::MessageCreated, EventKind::ParticipantAdded]),
        secret: WebhookSecret::from_bytes(&rand::random::<[u8; 32]>()).unwrap(),
        retired: None,
        created_at: NOW,
        health: Health::Working,
        version: 1,
    }
}

/// Checks every promise of the repository, which has to be empty.
pub async fn holds(webhooks: &dyn WebhookRepository) {
    assert_eq!(webhooks.find(webhook("a").id).await.unwrap(), None);
    assert!(webhooks.all().await.unwrap().is_empty());

    let mut made: Vec<Webhook> = ["billing", "al#ice%"].into_iter().map(webhook).collect();
    for webhook in &made {
        webhooks.create(webhook).await.unwrap();
        assert_eq!(webhooks.find(webhook.id).await.unwrap().as_ref(), Some(webhook));
    }
    made.sort_by_key(|webhook| webhook.id);
    assert_eq!(webhooks.all().await.unwrap(), made);

    let first = made.remove(0);
    let rotated = first.clone().rotated(WebhookSecret::from_bytes(&[7; 64]).unwrap(), NOW);
    for health in [
        Health::Failing { since: NOW },
        Health::Disabled { at: NOW, reason: DisabledReason::Failing },
        Health::Disabled { at: NOW, reason: DisabledReason::Owner },
        Health::Working,
    ] {
        let current = webhooks.find(first.id).await.unwrap().unwrap();
        let changed = Webhook { version: current.version, health, ..rotated.clone() }.next();
        assert_eq!(webhooks.replace(&changed).await.unwrap(), Replacing::Replaced);
        assert_eq!(webhooks.find(first.id).await.unwrap(), Some(changed.clone()));
        assert_eq!(webhooks.replace(&changed).await.unwrap(), Replacing::Outdated, "the same change again");
    }

    let current = webhooks.find(first.id).await.unwrap().unwrap().next();
    let outcomes = join_all((0..4).map(|_| webhooks.replace(&current))).await;
    let replaced = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Replacing::Replaced))).count();
    assert_eq!(replaced, 1, "of changes at once one stands");

    webhooks.delete(first.id).await.unwrap();
    webhooks.delete(first.id).await.unwrap();
    assert_eq!(webhooks.find(first.id).await.unwrap(), None);
    assert_eq!(webhooks.replace(&current.next()).await.unwrap(), Replacing::Outdated, "nothing to replace");
    assert_eq!(webhooks.all().await.unwrap(), made);
}

/// Checks the promises of an empty queue. `waiting` tells what waits in it, in any order, and empties it.
pub async fn queue_holds(queue: &dyn DeliveryQueue, waiting: impl AsyncFn() -> Vec<Delivery>) {
    assert!(queue.enqueue(&[]).await.is_empty());
    for (count, bytes) in [(1, 10), (23, 100), (12, 32_000)] {
        let to = webhook("billing").id;
        let delivery = |number| Delivery {
            webhook: to,
            id: format!("e_{number:02}-{to}"),
            body: format!(r#"{{"text":"\"{}"}}"#, "ä".repeat(bytes / 2)),
        };
        let deliveries: Vec<Delivery> = (0..count).map(delivery).collect();
        let outcomes = queue.enqueue(&deliveries).await;
        assert!(outcomes.len() == count && outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let mut found = waiting().await;
        found.sort_by(|one, other| one.id.cmp(&other.id));
        assert!(found == deliveries, "{count} deliveries of {bytes} bytes wait whole, once");
    }
}
