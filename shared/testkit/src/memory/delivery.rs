//! The memory twins of the ways out: posts, `fan-out`, the timer queue, and a spelling of events that a test can read back.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    connections::ConnectionProbe,
    delivery::{ConnectionPoster, EntryLook, EntryTimer, FanOutInvoker, FanOutOrder, Posted},
    reads::ReadTimer,
};
use parlance_domain::{
    event::{Closing, Event, EventEncoder, PublishedEvent},
    head::Seq,
    ids::{ConnectionId, ConversationId, EventId, UserId},
    signal::Signal,
};

use super::{
    cloud::unanswered,
    gate::{Gate, OpenGate, Outside, Passage},
};

/// A frame, and the socket that it was posted to.
pub type Delivery = (ConnectionId, Vec<u8>);

/// Takes posts and keeps what was delivered, in order. Its clones are the same gateway.
#[derive(Clone)]
pub struct MemoryGateway {
    gate: Arc<dyn Gate>,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    open: Arc<Mutex<Option<BTreeSet<ConnectionId>>>>,
    scripted: Arc<Mutex<VecDeque<(ConnectionId, Posted)>>>,
}

impl Default for MemoryGateway {
    fn default() -> Self {
        Self::behind(Arc::new(OpenGate))
    }
}

impl MemoryGateway {
    /// A gateway that has delivered nothing yet, behind a gate.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self { gate, deliveries: Arc::default(), open: Arc::default(), scripted: Arc::default() }
    }

    /// From now on only those sockets are open that [`MemoryGateway::open`] opens; before, all of them are.
    pub fn close_all(&self) {
        *self.open.lock().unwrap() = Some(BTreeSet::new());
    }

    /// A handshake is done.
    pub fn open(&self, connection: ConnectionId) {
        self.open.lock().unwrap().get_or_insert_default().insert(connection);
    }

    /// A client, or the network, has ended a socket. Says whether it was open.
    pub fn end(&self, connection: &ConnectionId) -> bool {
        self.open.lock().unwrap().as_mut().is_some_and(|open| open.remove(connection))
    }

    /// Whether posts reach a socket.
    pub fn is_open(&self, connection: &ConnectionId) -> bool {
        self.open.lock().unwrap().as_ref().is_none_or(|open| open.contains(connection))
    }

    /// What was delivered to whom, in order.
    pub fn deliveries(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.deliveries.lock().unwrap()
    }

    /// Answers the next post to `connection` like this, and delivers nothing.
    pub fn answer_next(&self, connection: &ConnectionId, answer: Posted) {
        self.scripted.lock().unwrap().push_back((connection.clone(), answer));
    }
}

#[async_trait]
impl ConnectionPoster for MemoryGateway {
    async fn post(&self, connection: &ConnectionId, frame: &[u8]) -> Posted {
        let passage = self.gate.pass(Outside::Post).await;
        {
            let mut scripted = self.scripted.lock().unwrap();
            if let Some(place) = scripted.iter().position(|(of, _)| of == connection) {
                return scripted.remove(place).map_or(Posted::Failed, |(_, answer)| answer);
            }
        }
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Posted::Failed;
        }
        if !self.is_open(connection) {
            return Posted::Gone;
        }
        self.deliveries().push((connection.clone(), frame.to_vec()));
        if passage == Passage::AnswerLost { Posted::Failed } else { Posted::Delivered }
    }

    async fn close(&self, connection: &ConnectionId) -> Result<(), PortError> {
        let passage = self.gate.pass(Outside::Post).await;
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Err(unanswered("connections"));
        }
        self.deliveries().push((connection.clone(), b"closed".to_vec()));
        if passage == Passage::AnswerLost { Err(unanswered("connections")) } else { Ok(()) }
    }
}

#[async_trait]
impl ConnectionProbe for MemoryGateway {
    async fn is_gone(&self, connection: &ConnectionId) -> Result<bool, PortError> {
        let passage = self.gate.pass(Outside::Post).await;
        if passage == Passage::Through {
            Ok(!self.is_open(connection))
        } else {
            Err(unanswered("connections"))
        }
    }
}

/// A second look that was asked for: at which entry, what for, and after which delay.
pub type Look = (ConversationId, Seq, EntryLook, Duration);

/// Keeps what was handed to `fan-out` and to the timer until a test, or a simulation, takes it.
#[derive(Clone)]
pub struct MemoryQueues {
    gate: Arc<dyn Gate>,
    orders: Arc<Mutex<Vec<FanOutOrder>>>,
    looks: Arc<Mutex<Vec<Look>>>,
    collections: Arc<Mutex<Vec<(ConversationId, Duration)>>>,
}

impl Default for MemoryQueues {
    fn default() -> Self {
        Self::behind(Arc::new(OpenGate))
    }
}

impl MemoryQueues {
    /// Empty queues behind a gate.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self { gate, orders: Arc::default(), looks: Arc::default(), collections: Arc::default() }
    }

    /// What `fan-out` was asked to do and has not begun.
    pub fn take_orders(&self) -> Vec<FanOutOrder> {
        std::mem::take(&mut *self.orders.lock().unwrap())
    }

    /// The second looks that were asked for and have not been set.
    pub fn take_looks(&self) -> Vec<Look> {
        std::mem::take(&mut *self.looks.lock().unwrap())
    }
}

impl MemoryQueues {
    /// The collections of moved cursors that were asked for and have not begun.
    pub fn take_collections(&self) -> Vec<(ConversationId, Duration)> {
        std::mem::take(&mut *self.collections.lock().unwrap())
    }
}

#[async_trait]
impl ReadTimer for MemoryQueues {
    async fn collect_after(&self, conversation: ConversationId, delay: Duration) -> Result<(), PortError> {
        let passage = self.gate.pass(Outside::Invoke).await;
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Err(unanswered("read timer"));
        }
        self.collections.lock().unwrap().push((conversation, delay));
        if passage == Passage::AnswerLost { Err(unanswered("read timer")) } else { Ok(()) }
    }
}

#[async_trait]
impl FanOutInvoker for MemoryQueues {
    async fn hand_over(&self, order: &FanOutOrder) -> Result<(), PortError> {
        let passage = self.gate.pass(Outside::Invoke).await;
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Err(unanswered("fan-out"));
        }
        self.orders.lock().unwrap().push(order.clone());
        if passage == Passage::AnswerLost { Err(unanswered("fan-out")) } else { Ok(()) }
    }
}

#[async_trait]
impl EntryTimer for MemoryQueues {
    async fn look_again(
        &self,
        conversation: ConversationId,
        seq: Seq,
        look: EntryLook,
        after: Duration,
    ) -> Result<(), PortError> {
        let passage = self.gate.pass(Outside::Invoke).await;
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Err(unanswered("timer"));
        }
        self.looks.lock().unwrap().push((conversation, seq, look, after));
        if passage == Passage::AnswerLost { Err(unanswered("timer")) } else { Ok(()) }
    }
}

/// Spells an event as `seq;`, so that a test reads back which entries a frame tells of.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeqEncoder;

impl SeqEncoder {
    /// The entries that a frame tells of.
    pub fn read(frame: &[u8]) -> Vec<Seq> {
        let text = std::str::from_utf8(frame).unwrap();
        text.split_terminator(';').filter_map(|seq| Seq::new(seq.parse().ok()?)).collect()
    }
}

impl EventEncoder for SeqEncoder {
    fn event(&self, event: &Event) -> Vec<u8> {
        format!("{};", event.seq).into_bytes()
    }

    fn published(&self, event: &Event, actor: &UserId) -> PublishedEvent {
        let id = EventId { conversation: event.conversation, seq: event.seq };
        PublishedEvent { id, kind: event.body.kind(), at: event.at, detail: format!("{};{actor}", event.seq) }
    }

    fn signal(&self, signal: &Signal) -> Vec<u8> {
        format!("{:?};", signal.body).into_bytes()
    }

    fn batch(&self, frames: &[&[u8]]) -> Vec<u8> {
        frames.concat()
    }

    fn batch_overhead(&self, _: usize) -> usize {
        0
    }

    fn closing(&self, closing: &Closing) -> Vec<u8> {
        format!("{closing:?}").into_bytes()
    }
}
