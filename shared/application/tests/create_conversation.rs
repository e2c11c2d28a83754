//! What a retry of a request to create a conversation finds, over memory ports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::sync::Arc;

use parlance_application::{
    conversations::create::{CreateConversation, NewConversation},
    participants::add::AddParticipants,
    ports::{
        conversations::ConversationRepository,
        environment::{Clock, Random},
        idempotency::RequestSeed,
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    authority::Caller,
    conversation::{ConversationKind, History},
    ids::{ConversationId, UserId},
};
use parlance_testkit::{
    memory::{
        environment::{ManualClock, SeededRandom},
        gate::OpenGate,
    },
    scene::user,
    simulation::stage::Stage,
};

const SEED: RequestSeed = RequestSeed([7; 16]);

struct House {
    stage: Stage,
    create: CreateConversation,
    owner: UserId,
    others: Vec<UserId>,
}

impl House {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(Arc::new(OpenGate), &clock, &random, Safeguards::ALL, 512);
        let others = (0..2 * AddParticipants::MAX).map(|number| user(&format!("u{number:03}"))).collect();
        Self { create: stage.create.clone(), stage, owner: user("owner"), others }
    }

    async fn group(&self, others: &[UserId], seed: Option<RequestSeed>) -> ConversationId {
        let new = NewConversation {
            creator: Caller::from(&self.owner),
            kind: ConversationKind::Group,
            title: None,
            reference: None,
            participants: others.to_vec(),
            history: History::All,
            from: None,
            seed,
        };
        self.create.execute(new).await.unwrap()
    }

    async fn members(&self, id: ConversationId) -> usize {
        self.stage.cloud.roster(id).await.unwrap().len()
    }

    fn entries(&self, id: ConversationId) -> usize {
        self.stage.cloud.state().logs[&id].len()
    }
}

#[tokio::test]
async fn each_request_creates_a_group_of_its_own() {
    let house = House::new();
    let one = house.group(&house.others, None).await;
    assert_ne!(house.group(&house.others, None).await, one);
    assert_ne!(house.group(&house.others, Some(SEED)).await, one);
    assert_eq!(house.members(one).await, 1 + house.others.len());
}

#[tokio::test]
async fn a_retry_finds_the_group_that_was_created_before() {
    let house = House::new();
    let first = house.group(&house.others, Some(SEED)).await;
    let entries = house.entries(first);
    assert_eq!(house.group(&house.others, Some(SEED)).await, first);
    assert_eq!((house.entries(first), house.members(first).await), (entries, 1 + house.others.len()));
}

#[tokio::test]
async fn a_retry_completes_a_group_whose_creation_broke_off() {
    let house = House::new();
    // As far as the creating transaction reaches: whoever comes after it is added by entries of their own.
    let created = house.group(&house.others[..AddParticipants::MAX - 1], Some(SEED)).await;
    assert_eq!(house.members(created).await, AddParticipants::MAX);
    assert_eq!(house.group(&house.others, Some(SEED)).await, created);
    assert_eq!(house.members(created).await, 1 + house.others.len());
}
