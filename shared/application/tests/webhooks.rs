//! Webhooks over memory ports and a clock that moves when told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parlance_application::{
    ports::{
        environment::Clock,
        idempotency::RequestSeed,
        identity::{Identity, ProfileClaims},
        webhooks::{Delivery, Receipt},
    },
    sessions::service::{NotAService, Service},
    webhooks::{
        change::{ChangeWebhook, ChangeWebhookError, NewSecret, WebhookChanges},
        deliver::{Attempted, DeliverWebhook, Patience},
        dispatch::{BusEvent, DispatchEvents},
        find::FindWebhook,
        list::ListWebhooks,
        register::{NewWebhook, RegisterWebhook, RegisterWebhookError},
        remove::RemoveWebhook,
    },
};
use parlance_domain::{
    event::EventKind,
    ids::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Destinations, DisabledReason, Health, Webhook, WebhookSecret, WebhookUrl},
};
use parlance_testkit::memory::{
    environment::{ManualClock, SeededRandom},
    webhooks::{MemoryDeliveries, MemoryReceivers, MemoryWebhooks},
};

const DAY: Duration = Duration::from_hours(24);

struct Desk {
    clock: ManualClock,
    webhooks: MemoryWebhooks,
    queue: MemoryDeliveries,
    receivers: MemoryReceivers,
    register: RegisterWebhook,
    change: ChangeWebhook,
    dispatch: DispatchEvents,
    deliver: DeliverWebhook,
}

fn identity(user: &str, is_service: bool) -> Identity {
    Identity {
        user: UserId::parse(user).unwrap(),
        expires_at: Timestamp::from_millis(u64::MAX),
        is_service,
        is_admin: true,
        profile: ProfileClaims::default(),
    }
}

fn service(user: &str) -> Service {
    Service::try_from(&identity(user, true)).unwrap()
}

fn wanted(events: &[EventKind]) -> NewWebhook {
    let url = WebhookUrl::parse("https://example.com/hook", Destinations::Public).unwrap();
    NewWebhook { url, events: events.iter().copied().collect(), secret: None, seed: None }
}

fn event(number: usize, kind: EventKind) -> BusEvent {
    BusEvent { id: format!("e_{number}"), kind, body: format!(r#"{{"id":"e_{number}"}}"#) }
}

impl Desk {
    fn new() -> Self {
        let (clock, webhooks) = (ManualClock::default(), MemoryWebhooks::default());
        let (queue, receivers) = (MemoryDeliveries::default(), MemoryReceivers::default());
        let random = Arc::new(SeededRandom::new(1));
        let rows = Arc::new(webhooks.clone());
        let patience = Patience {
            pauses: [5, 60, 300].map(Duration::from_secs).into(),
            attempts: 5,
            disable_after: 3 * DAY,
        };
        Self {
            register: RegisterWebhook::new(rows.clone(), Arc::new(clock.clone()), random.clone()),
            change: ChangeWebhook::new(rows.clone(), Arc::new(clock.clone()), random.clone()),
            dispatch: DispatchEvents::new(rows.clone(), Arc::new(queue.clone())),
            deliver: DeliverWebhook::new(
                rows,
                Arc::new(queue.clone()),
                Arc::new(receivers.clone()),
                Arc::new(clock.clone()),
                random,
                patience,
            ),
            clock,
            webhooks,
            queue,
            receivers,
        }
    }

    async fn registered(&self, owner: &str, events: &[EventKind]) -> Webhook {
        self.register.execute(&service(owner), wanted(events)).await.unwrap()
    }

    async fn webhook(&self, id: WebhookId) -> Webhook {
        FindWebhook::new(Arc::new(self.webhooks.clone())).execute(&service("billing"), id).await.unwrap()
    }

    /// One delivery to a new webhook.
    async fn waiting(&self) -> (WebhookId, Delivery) {
        let webhook = self.registered("billing", &[EventKind::MessageCreated]).await;
        self.dispatch.execute(&[event(1, EventKind::MessageCreated)]).await.remove(0).unwrap();
        (webhook.id, self.queue.take().remove(0))
    }

    async fn attempt(&self, delivery: &Delivery, number: u32) -> Attempted {
        self.deliver.execute(delivery, number, "receipt").await.unwrap()
    }
}

#[tokio::test]
async fn a_webhook_is_its_services_alone() {
    let desk = Desk::new();
    assert_eq!(Service::try_from(&identity("alice", false)), Err(NotAService));
    let webhook = desk.registered("billing", &[EventKind::MessageCreated]).await;
    let rows = Arc::new(desk.webhooks.clone());
    let other = service("hiring");
    assert!(FindWebhook::new(rows.clone()).execute(&other, webhook.id).await.is_err());
    assert!(RemoveWebhook::new(rows.clone()).execute(&other, webhook.id).await.is_err());
    let refused = desk.change.execute(&other, webhook.id, WebhookChanges::default()).await;
    assert!(matches!(refused, Err(ChangeWebhookError::NotFound)));
    let list = ListWebhooks::new(rows.clone());
    assert!(list.execute(&other).await.unwrap().is_empty());
    assert_eq!(list.execute(&service("billing")).await.unwrap(), std::slice::from_ref(&webhook));
    assert_eq!(desk.webhook(webhook.id).await, webhook);
    RemoveWebhook::new(rows.clone()).execute(&service("billing"), webhook.id).await.unwrap();
    assert!(RemoveWebhook::new(rows).execute(&service("billing"), webhook.id).await.is_err());
}

#[tokio::test]
async fn a_retry_finds_the_webhook_that_was_made_before() {
    let desk = Desk::new();
    let with_seed =
        |seed| NewWebhook { seed: Some(RequestSeed([seed; 16])), ..wanted(&[EventKind::MessageCreated]) };
    let made = desk.register.execute(&service("billing"), with_seed(1)).await.unwrap();
    assert_eq!(desk.register.execute(&service("billing"), with_seed(1)).await.unwrap(), made);
    assert_ne!(desk.register.execute(&service("billing"), with_seed(2)).await.unwrap().id, made.id);
}

#[tokio::test]
async fn a_service_has_no_more_webhooks_than_it_may() {
    let desk = Desk::new();
    for _ in 0..Webhook::MAX_PER_OWNER {
        desk.registered("billing", &[EventKind::MessageCreated]).await;
    }
    let refused = desk.register.execute(&service("billing"), wanted(&[EventKind::MessageCreated])).await;
    assert!(matches!(refused, Err(RegisterWebhookError::TooMany)));
    desk.registered("hiring", &[EventKind::MessageCreated]).await;
}

#[tokio::test]
async fn secrets_are_drawn_or_given_and_replaced_with_an_overlap() {
    let desk = Desk::new();
    let given = WebhookSecret::from_bytes(&[9; 24]).unwrap();
    let new = NewWebhook { secret: Some(given.clone()), ..wanted(&[EventKind::MessageCreated]) };
    let webhook = desk.register.execute(&service("billing"), new).await.unwrap();
    assert_eq!(webhook.secret, given);
    let drawn = desk.registered("billing", &[EventKind::MessageCreated]).await;
    assert_ne!(drawn.secret, desk.registered("billing", &[EventKind::MessageCreated]).await.secret);
    let changes = WebhookChanges { secret: Some(NewSecret::Drawn), ..WebhookChanges::default() };
    let rotated = desk.change.execute(&service("billing"), webhook.id, changes).await.unwrap();
    assert_ne!(rotated.secret, given);
    let retired = rotated.retired.unwrap();
    assert_eq!((retired.secret, retired.until), (given, desk.clock.now().plus(Webhook::OVERLAP)));
}

#[tokio::test]
async fn an_event_waits_once_for_each_webhook_that_wants_it() {
    let desk = Desk::new();
    let sent = desk.registered("billing", &[EventKind::MessageCreated]).await;
    let both = desk.registered("hiring", &[EventKind::MessageCreated, EventKind::MessageDeleted]).await;
    let off = desk.registered("billing", &[EventKind::MessageCreated]).await;
    let changes = WebhookChanges { enabled: Some(false), ..WebhookChanges::default() };
    desk.change.execute(&service("billing"), off.id, changes).await.unwrap();
    let events = [
        event(1, EventKind::MessageCreated),
        event(2, EventKind::MessageDeleted),
        event(3, EventKind::ParticipantAdded),
    ];
    assert!(desk.dispatch.execute(&events).await.iter().all(Result::is_ok));
    let waiting: BTreeSet<(WebhookId, String)> =
        desk.queue.take().into_iter().map(|delivery| (delivery.webhook, delivery.id)).collect();
    let wanted = [(sent.id, 1), (both.id, 1), (both.id, 2)];
    assert_eq!(waiting, wanted.map(|(id, event)| (id, format!("e_{event}-{id}"))).into());
}

#[tokio::test]
async fn a_delivery_is_signed_for_the_moment_of_its_attempt() {
    let desk = Desk::new();
    let (id, delivery) = desk.waiting().await;
    assert_eq!(desk.attempt(&delivery, 1).await, Attempted::Delivered);
    desk.clock.advance(Duration::from_mins(1));
    assert_eq!(
        desk.attempt(&delivery, 2).await,
        Attempted::Delivered,
        "twice is harmless: the id is the same"
    );
    let posts = desk.receivers.take();
    assert_eq!(posts[0].id, posts[1].id);
    assert_eq!(posts[1].seconds, posts[0].seconds + 60);
    let secret = desk.webhook(id).await.secret;
    for post in posts {
        assert_eq!(post.body, r#"{"id":"e_1"}"#);
        assert_eq!(post.signatures, secret.sign(&post.id, post.seconds, &post.body));
    }
}

#[tokio::test]
async fn what_fails_comes_back_after_growing_pauses_and_is_given_up_in_the_end() {
    let desk = Desk::new();
    let (id, delivery) = desk.waiting().await;
    let mut pauses = Vec::new();
    for (number, answer) in
        (1..).zip([Receipt::Refused(500), Receipt::Unreachable, Receipt::Forbidden, Receipt::Refused(302)])
    {
        desk.receivers.answer([answer]);
        assert_eq!(desk.attempt(&delivery, number).await, Attempted::Postponed(answer));
        pauses.extend(desk.queue.take_pauses().into_iter().map(|(_, pause)| pause));
    }
    for (pause, least) in pauses.iter().zip([5, 60, 300, 300].map(Duration::from_secs)) {
        assert!((least..least + least / 5).contains(pause), "{pauses:?}");
    }
    assert!(matches!(desk.webhook(id).await.health, Health::Failing { .. }));
    desk.receivers.answer([Receipt::Refused(503)]);
    assert_eq!(desk.attempt(&delivery, 5).await, Attempted::GivenUp(Receipt::Refused(503)));
    assert_eq!(desk.queue.take_pauses(), [("receipt".to_owned(), Duration::ZERO)]);
    assert_eq!(desk.attempt(&delivery, 1).await, Attempted::Delivered);
    assert_eq!(desk.webhook(id).await.health, Health::Working);
}

#[tokio::test]
async fn a_webhook_that_accepts_nothing_for_days_is_disabled_until_its_service_enables_it() {
    let desk = Desk::new();
    let (id, delivery) = desk.waiting().await;
    desk.receivers.answer([Receipt::Refused(500); 3]);
    desk.attempt(&delivery, 1).await;
    desk.clock.advance(2 * DAY);
    assert!(matches!(desk.attempt(&delivery, 2).await, Attempted::Postponed(_)));
    desk.clock.advance(DAY);
    assert_eq!(desk.attempt(&delivery, 3).await, Attempted::Dropped);
    let expected = Health::Disabled { at: desk.clock.now(), reason: DisabledReason::Failing };
    assert_eq!(desk.webhook(id).await.health, expected);
    desk.receivers.take();
    assert_eq!(desk.attempt(&delivery, 4).await, Attempted::Dropped);
    assert!(desk.receivers.take().is_empty(), "nobody is asked any more");
    let enabled = WebhookChanges { enabled: Some(true), ..WebhookChanges::default() };
    desk.change.execute(&service("billing"), id, enabled).await.unwrap();
    assert_eq!(desk.attempt(&delivery, 1).await, Attempted::Delivered);
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_good_is_believed_and_a_deleted_webhook_is_not_asked() {
    let desk = Desk::new();
    let (id, delivery) = desk.waiting().await;
    desk.receivers.answer([Receipt::Gone]);
    assert_eq!(desk.attempt(&delivery, 1).await, Attempted::Dropped);
    let health = desk.webhook(id).await.health;
    assert!(matches!(health, Health::Disabled { reason: DisabledReason::Gone, .. }));
    let (other, delivery) = desk.waiting().await;
    RemoveWebhook::new(Arc::new(desk.webhooks.clone())).execute(&service("billing"), other).await.unwrap();
    desk.receivers.take();
    assert_eq!(desk.attempt(&delivery, 1).await, Attempted::Dropped);
    assert!(desk.receivers.take().is_empty());
}
