//! Who is told of coming and going, whoever delivers it, and who owns a conversation afterwards; over memory ports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

use std::{sync::Arc, time::Duration};

use parlance_application::{
    conversations::{change::ChangeRequest, close::Close},
    log::change::{ChangeError, Changed},
    participants::{add::AddParticipants, departure::Departure, set_role::SetRole},
    ports::{
        connections::ConnectionDirectory,
        conversations::ConversationRepository,
        delivery::EntryLook,
        environment::{Clock, Random},
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    authority::Caller,
    connection::{Connection, SocketScope},
    conversation::History,
    head::Seq,
    ids::{ConnectionId, ConversationId},
    permissions::Role,
};
use parlance_testkit::{
    memory::{environment::SeededRandom, gate::OpenGate},
    scene::{Scene, user},
    simulation::stage::Stage,
};

struct House {
    scene: Scene,
    stage: Stage,
    conversation: ConversationId,
}

impl House {
    /// A conversation of Alice, who owns it, Bob and Carol.
    async fn new() -> Self {
        let mut scene = Scene::default();
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(Arc::new(OpenGate), &clock, &random, Safeguards::ALL, 512);
        scene.cloud = stage.cloud.clone();
        let conversation = scene.conversation(1, History::All, &["alice", "bob", "carol"]).await;
        Self { scene, stage, conversation }
    }

    async fn socket(&self, name: &str, id: &str, scope: SocketScope) {
        let connection = Connection {
            id: ConnectionId::parse(id).unwrap(),
            user: user(name),
            scope,
            expires_at: self.scene.clock.now().plus(Duration::from_hours(1)),
            opened_at: self.scene.clock.now(),
        };
        self.stage.connections.register(&connection, self.scene.clock.now()).await.unwrap();
    }

    /// The frames that a socket got.
    fn heard(&self, id: &str) -> Vec<String> {
        let deliveries = self.stage.gateway.deliveries();
        let frames = deliveries.iter().filter(|(to, _)| to.as_str() == id);
        frames.map(|(_, frame)| String::from_utf8(frame.clone()).unwrap()).collect()
    }

    async fn role(&self, name: &str) -> Option<Role> {
        let roster = self.stage.cloud.roster(self.conversation).await.unwrap();
        roster.member(&user(name)).map(|member| member.participant.role)
    }

    async fn set_role(&self, by: &str, name: &str, role: Role) -> Result<Changed, ChangeError> {
        let (by, subject) = (user(by), user(name));
        let caller = Caller::from(&by);
        let conversation = self.conversation;
        let request = ChangeRequest { conversation, caller, subject: Some(&subject), from: None };
        self.stage.change.execute(request, &SetRole { user: subject.clone(), role }).await
    }
}

#[tokio::test]
async fn the_stream_tells_a_newcomer_what_the_writer_could_not() {
    let house = House::new().await;
    house.socket("dave", "dave", SocketScope::Messaging).await;
    house.socket("bob", "bob", SocketScope::Messaging).await;
    let seq = house.scene.join(house.conversation, "alice", "dave").await;
    house.stage.repair.on_timer(house.conversation, seq, EntryLook::Delivery).await.unwrap();
    let heard = house.heard("dave");
    assert!(heard[0].starts_with("ConversationJoined"), "{heard:?}");
    assert!(heard[1].contains("Invitation") && heard[1].contains("alice"), "{heard:?}");
    assert_eq!(heard[2..], [format!("{seq};")]);
    assert_eq!(house.heard("bob"), [format!("{seq};")]);
}

#[tokio::test]
async fn the_stream_closes_what_was_opened_for_the_conversation_of_one_who_went() {
    let house = House::new().await;
    house.socket("bob", "whole", SocketScope::Messaging).await;
    house.socket("bob", "scoped", SocketScope::Conversation(house.conversation)).await;
    house.socket("bob", "typing", SocketScope::Typing(house.conversation)).await;
    let seq = house.scene.leave(house.conversation, "bob").await;
    house.stage.repair.on_timer(house.conversation, seq, EntryLook::Delivery).await.unwrap();
    let left = |heard: &[String]| heard.iter().any(|frame| frame.starts_with("ConversationLeft"));
    assert!(left(&house.heard("whole")) && house.heard("whole").contains(&format!("{seq};")));
    let scoped = house.heard("scoped");
    assert!(left(&scoped) && scoped[1..] == ["NoLongerMember", "closed"], "{scoped:?}");
    assert_eq!(house.heard("typing"), ["NoLongerMember", "closed"]);
    assert_eq!(house.stage.connections.of_users(&[user("bob")]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_stream_tells_everybody_of_the_end() {
    let house = House::new().await;
    let (alice, conversation) = (user("alice"), house.conversation);
    let request = ChangeRequest { conversation, caller: (&alice).into(), subject: None, from: None };
    let Changed::Done { entry, .. } = house.stage.change.execute(request.clone(), &Close).await.unwrap()
    else {
        unreachable!("it was open");
    };
    house.socket("bob", "bob", SocketScope::Messaging).await;
    house.stage.redis.keys().sent.clear();
    house.stage.repair.on_timer(conversation, entry.seq, EntryLook::Delivery).await.unwrap();
    assert_eq!(house.heard("bob"), [format!("{};", entry.seq)]);
    let again = house.stage.change.execute(request, &Close).await;
    assert!(matches!(again, Err(ChangeError::NotFound)), "nobody appends after the end");
}

#[tokio::test]
async fn a_conversation_keeps_an_owner_as_long_as_somebody_is_in_it() {
    let house = House::new().await;
    let departure = Departure::new(house.stage.change.clone());
    let demoted = house.set_role("alice", "alice", Role::Member).await;
    assert!(matches!(demoted, Err(ChangeError::LastOwner)));
    house.set_role("alice", "carol", Role::Admin).await.unwrap();
    let leave = async |name: &str| {
        let user = user(name);
        departure.leave((&user).into(), house.conversation).await
    };
    leave("alice").await.unwrap();
    assert_eq!((house.role("alice").await, house.role("carol").await), (None, Some(Role::Owner)));
    assert!(matches!(leave("alice").await, Err(ChangeError::NotFound)));
    leave("carol").await.unwrap();
    assert_eq!(house.role("bob").await, Some(Role::Owner));
    leave("bob").await.unwrap();
    assert!(house.scene.head(house.conversation).await.is_closed(), "nobody is left to come back");
}

#[tokio::test]
async fn two_owners_may_go_without_an_heir_and_neither_demotes_the_other() {
    let house = House::new().await;
    house.set_role("alice", "bob", Role::Owner).await.unwrap();
    assert!(matches!(house.set_role("alice", "bob", Role::Guest).await, Err(ChangeError::Forbidden(_))));
    house.set_role("bob", "bob", Role::Guest).await.unwrap();
    assert_eq!(house.role("carol").await, Some(Role::Member), "nobody was promoted");
    let stranger = house.set_role("alice", "dave", Role::Admin).await;
    assert!(matches!(stranger, Err(ChangeError::NoSuchTarget)));
}

#[tokio::test]
async fn a_conversation_has_room_for_five_thousand() {
    let house = House::new().await;
    let alice = user("alice");
    let add = async |from: usize, to: usize| {
        let names = (from..to).map(|number| (user(&format!("member {number}")), Role::Member));
        let change = AddParticipants { joining: names.collect() };
        let (conversation, caller) = (house.conversation, Caller::from(&alice));
        let request = ChangeRequest { conversation, caller, subject: None, from: None };
        house.stage.change.execute(request, &change).await
    };
    let room = AddParticipants::MAX_MEMBERS - 3;
    for from in (0..room).step_by(AddParticipants::MAX) {
        add(from, (from + AddParticipants::MAX).min(room)).await.unwrap();
    }
    assert!(matches!(add(room, room + 1).await, Err(ChangeError::Full)));
    assert!(matches!(add(0, 1).await.unwrap(), Changed::AlreadySo { .. }), "who is there may be added again");
    let roster = house.stage.cloud.roster(house.conversation).await.unwrap();
    assert_eq!(roster.len(), AddParticipants::MAX_MEMBERS);
    assert!(house.scene.head(house.conversation).await.seq > Seq::FIRST);
}
