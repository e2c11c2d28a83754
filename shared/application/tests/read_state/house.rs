//! The real use cases over memory twins, whose calls are counted.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::FutureExt;
use parlance_application::{
    delivery::repair::StreamedEntry,
    limits::admission::Admission,
    messages::{
        mark_as_read::{MarkAsReadError, ReadUpTo, Reading},
        send::Draft,
    },
    ports::{
        connections::ConnectionDirectory,
        conversations::{ConversationRepository, Creation},
        environment::{Clock, Random},
    },
    reads::unread::CountUnread,
    safeguards::Safeguards,
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    event::EventEncoder,
    head::Seq,
    ids::{ConnectionId, ConversationId},
    message::{MessageBody, MessageContent},
};
use parlance_protocol::json_events::JsonEvents;
use parlance_testkit::{
    contracts::fixtures::creation,
    memory::{environment::SeededRandom, gate::CountingGate},
    scene::{Scene, user},
    simulation::stage::Stage,
};
use serde_json::Value;

pub struct House {
    pub scene: Scene,
    pub stage: Stage,
    pub gate: Arc<CountingGate>,
}

/// Nothing here has to wait.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory twins answer at once")
}

impl House {
    pub fn new() -> Self {
        let (mut scene, gate) = (Scene::default(), Arc::new(CountingGate::default()));
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let encoder: Arc<dyn EventEncoder> = Arc::new(JsonEvents);
        let stage = Stage::new(gate.clone(), &clock, &random, Safeguards::ALL, 512);
        let stage = stage.spelling(&encoder, &clock, &random);
        (scene.cloud, scene.redis) = (stage.cloud.clone(), stage.redis.clone());
        Self { scene, stage, gate }
    }

    /// Runs something that may have to wait; time passes meanwhile.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            self.scene.clock.advance(Duration::from_millis(1));
        }
    }

    pub fn say(&self, conversation: ConversationId, who: &str) -> Seq {
        self.scene.clock.advance(Duration::from_millis(10));
        let content = MessageContent::parse("hello", false).unwrap();
        let draft = Draft {
            conversation,
            sender: user(who),
            client_id: None,
            after: None,
            body: MessageBody { content, ..MessageBody::default() },
            from: None,
            admission: Admission::free(),
        };
        self.run(self.stage.send.execute(draft)).unwrap().message.id.seq
    }

    pub fn read(
        &self,
        conversation: ConversationId,
        who: &str,
        up_to: u64,
    ) -> Result<ReadUpTo, MarkAsReadError> {
        self.scene.clock.advance(Duration::from_millis(10));
        let from = ConnectionId::parse(&format!("{who}-0")).ok();
        let up_to = Seq::new(up_to).unwrap();
        now(self.stage.mark.execute(Reading {
            reader: user(who),
            conversation,
            up_to,
            from,
            admission: Admission::free(),
        }))
    }

    pub fn socket(&self, who: &str, number: usize) {
        let at = self.scene.clock.now();
        let socket = Connection {
            id: ConnectionId::parse(&format!("{who}-{number}")).unwrap(),
            user: user(who),
            scope: SocketScope::Messaging,
            expires_at: at.plus(Duration::from_hours(9)),
            opened_at: at.minus(Duration::from_hours(1)),
        };
        now(self.stage.connections.register(&socket, at)).unwrap();
    }

    /// The frames that a socket got since the last time.
    pub fn frames(&self, socket: &str) -> Vec<Value> {
        let mut deliveries = self.stage.gateway.deliveries();
        let frames = deliveries.iter().filter(|(to, _)| to.as_str() == socket);
        let frames = frames.map(|(_, frame)| serde_json::from_slice(frame).unwrap()).collect();
        deliveries.retain(|(to, _)| to.as_str() != socket);
        frames
    }

    /// Lets the stream catch up with everything that was written.
    pub fn catch_up(&self) {
        let stream = std::mem::take(&mut self.stage.cloud.state().stream);
        let streamed: Vec<_> =
            stream.into_iter().map(|(conversation, entry)| StreamedEntry { conversation, entry }).collect();
        now(self.stage.repair.on_stream(&streamed));
    }

    pub fn unread(&self, who: &str) -> BTreeMap<ConversationId, u64> {
        let unread = now(CountUnread::new(self.scene.standings()).execute(&user(who))).unwrap();
        assert_eq!(unread.total, unread.conversations.values().sum::<u64>());
        unread.conversations
    }

    /// A direct conversation, as it is derived from its people.
    pub fn direct(&self, one: &str, other: &str) -> ConversationId {
        let id = ConversationId::direct(&user(one), &user(other));
        let made = creation(id, &[one, other]);
        let conversation = parlance_domain::conversation::Conversation {
            kind: parlance_domain::conversation::ConversationKind::Direct,
            ..made.conversation
        };
        now(self.scene.cloud.create(&Creation { conversation, ..made })).unwrap();
        id
    }
}
