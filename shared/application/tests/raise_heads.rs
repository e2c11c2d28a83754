//! A head that nobody could be told of is told later; over memory ports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::{
    delivery::repair::StreamedEntry,
    ports::{
        delivery::EntryLook,
        environment::{Clock, Random},
    },
    safeguards::Safeguards,
};
use parlance_domain::{conversation::History, head::Seq, ids::ConversationId};
use parlance_testkit::{
    memory::{
        delivery::Look,
        environment::SeededRandom,
        gate::{Gate, Outside, Passage},
    },
    scene::Scene,
    simulation::stage::Stage,
};

/// Redis may be out of reach.
#[derive(Default)]
struct Outage(AtomicBool);

#[async_trait]
impl Gate for Outage {
    async fn pass(&self, outside: Outside) -> Passage {
        let is_lost = outside == Outside::Redis && self.0.load(Ordering::Relaxed);
        if is_lost { Passage::RequestLost } else { Passage::Through }
    }

    fn splits_transactions(&self) -> bool {
        false
    }
}

struct House {
    scene: Scene,
    stage: Stage,
    outage: Arc<Outage>,
    conversation: ConversationId,
}

impl House {
    /// A conversation whose two messages Redis has not heard of, since it went away before.
    async fn new() -> Self {
        let (mut scene, outage) = (Scene::default(), Arc::new(Outage::default()));
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(outage.clone(), &clock, &random, Safeguards::ALL, 512);
        scene.cloud = stage.cloud.clone();
        let conversation = scene.conversation(1, History::All, &["alice", "bob"]).await;
        let house = Self { scene, stage, outage, conversation };
        assert_eq!(house.stream(0).await, [], "while Redis is there nothing is left for later");
        house.lose_redis(true);
        house.scene.say(conversation, "alice", "one").await;
        house.scene.say(conversation, "alice", "two").await;
        house
    }

    fn lose_redis(&self, is_lost: bool) {
        self.outage.0.store(is_lost, Ordering::Relaxed);
    }

    /// Brings what stands in the log from there on, when it is old enough to be delivered at once. Returns the looks asked for.
    async fn stream(&self, from: usize) -> Vec<Look> {
        let conversation = self.conversation;
        let log = self.scene.cloud.state().logs[&conversation].clone();
        let streamed: Vec<_> =
            log.into_values().skip(from).map(|entry| StreamedEntry { conversation, entry }).collect();
        self.scene.clock.advance(Duration::from_secs(3));
        for looked in self.stage.repair.on_stream(&streamed).await {
            looked.unwrap();
        }
        self.stage.queues.take_looks()
    }

    async fn look(&self, look: &Look) -> Vec<Look> {
        let (conversation, seq, look, _) = *look;
        self.stage.repair.on_timer(conversation, seq, look).await.unwrap();
        self.stage.queues.take_looks()
    }

    fn remembered(&self) -> Option<Seq> {
        self.stage.redis.keys().heads.get(&self.conversation).map(|head| head.seq)
    }
}

#[tokio::test]
async fn the_newest_head_is_told_once_redis_is_back() {
    let house = House::new().await;
    let old = house.remembered().unwrap();
    let looks = house.stream(usize::try_from(old.get()).unwrap()).await;
    let newest = house.scene.head(house.conversation).await.seq;
    assert_eq!(
        looks,
        [(house.conversation, newest, EntryLook::Head, Duration::from_secs(3))],
        "the newest alone"
    );
    assert_eq!(house.remembered(), Some(old));
    house.lose_redis(false);
    assert_eq!(house.look(&looks[0]).await, []);
    assert_eq!(house.remembered(), Some(newest));
}

#[tokio::test]
async fn pauses_grow_with_the_age_of_the_entry_until_it_is_given_up() {
    let house = House::new().await;
    let mut looks = house.stream(1).await;
    let mut pauses = Vec::new();
    while let [look] = &looks[..] {
        pauses.push(look.3.as_secs());
        house.scene.clock.advance(look.3);
        looks = house.look(look).await;
    }
    assert_eq!(pauses, [3, 6, 12, 24, 48, 96, 192, 384, 768, 900, 900, 900]);
}
