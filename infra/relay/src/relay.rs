//! The life of a relay: it listens before it announces itself, serves its share while it lives, and hands it over before it ends.

use std::{future::Future, time::Duration};

use parlance_adapters::redis::{RedisRelayBus, RelaySubscription};
use parlance_application::delivery::{
    relay::RelayHost,
    shards::{SHARDS, owned_shards},
};
use parlance_domain::ids::RelayId;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::workers::Workers;

/// How often it says that it is alive, and looks who else is.
const BEAT: Duration = Duration::from_secs(1);

/// How long the first subscriptions take at most, before senders may rely on it.
const WARM_UP: Duration = Duration::from_millis(300);

/// How long it serves on after it took itself off the list: by then every other relay has looked at the list.
const HAND_OVER: Duration = Duration::from_millis(1_500);

/// How long frames that stand in lanes may take at the end.
const DRAIN: Duration = Duration::from_secs(15);

/// What a relay is made of.
pub struct Parts {
    /// Its name among the living.
    pub id: RelayId,
    /// Its signs of life.
    pub bus: RedisRelayBus,
    /// What it hears.
    pub subscription: RelaySubscription,
    /// What it does with that.
    pub host: RelayHost,
}

/// A relay that listens.
pub struct Relay {
    id: RelayId,
    bus: RedisRelayBus,
    subscription: RelaySubscription,
    workers: Workers,
    owned: Vec<u8>,
}

impl Relay {
    /// Begins to listen to everything: what is heard twice is harmless, what nobody hears waits for the stream.
    pub fn start(parts: Parts) -> Self {
        let Parts { id, bus, subscription, host } = parts;
        subscription.serve(0..SHARDS);
        Self { id, bus, subscription, workers: Workers::start(&host), owned: Vec::new() }
    }

    /// Serves until `stop`, then hands over and lets its lanes empty.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        sleep(WARM_UP).await;
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                _ = beat.tick() => self.take_share().await,
                event = self.subscription.next() => match event {
                    Some(broadcast) => self.workers.dispatch(broadcast),
                    None => break,
                },
            }
        }
        self.hand_over().await;
    }

    /// Serves what is its own among the relays that live. While Redis cannot be reached, everything stays as it is.
    async fn take_share(&mut self) {
        let Some(alive) = self.bus.announce(&self.id).await else { return };
        let owned = owned_shards(&self.id, &alive);
        if owned != self.owned {
            tracing::info!(
                relay.id = self.id.as_str(),
                relays = alive.len(),
                shards.before = self.owned.len(),
                shards.now = owned.len(),
                "ownership changed"
            );
            self.subscription.serve(owned.iter().copied());
            self.owned = owned;
        }
    }

    async fn hand_over(mut self) {
        self.bus.withdraw(&self.id).await;
        let handing_over = sleep(HAND_OVER);
        tokio::pin!(handing_over);
        loop {
            tokio::select! {
                () = &mut handing_over => break,
                event = self.subscription.next() => match event {
                    Some(broadcast) => self.workers.dispatch(broadcast),
                    None => break,
                },
            }
        }
        let is_empty = timeout(DRAIN, self.workers.drain()).await.is_ok();
        tracing::info!(
            relay.id = self.id.as_str(),
            shards.before = self.owned.len(),
            shards.now = 0,
            lanes.empty = is_empty,
            "ownership handed over"
        );
    }
}
