//! The session: all that a client knows and wants. Each command, frame, answer and passing of time moves it, and it says what is to be
//! done about that. Pure: it reads no clock, no socket and no random number, so that any program, or a simulation, can drive it.

mod answers;
mod links;
mod memberships;

use std::collections::{BTreeMap, VecDeque};

use parlance_protocol::{
    conversation::Conversation,
    error_code::ErrorCode,
    event::{EventData, EventFrame},
    ids::{ClientMessageId, ConversationId, UserId},
    page::LogPage,
    request::send_message::{Draft, SendMessageData},
};
use serde_json::json;

use self::{
    links::{LinkStep, Links},
    memberships::Former,
};
use crate::{
    api::ApiError,
    backoff::{Backoff, Millis},
    client::{ClientEvent, SendError, Sent},
    order::{HOLD, Need, Order},
    outbox::Outbox,
    resume::{self, Syncs},
};

/// Names one socket of a session, in the order of their handshakes.
pub type SocketId = u64;

/// What is to be done for a session, by whoever drives it.
#[derive(Debug)]
pub enum Effect {
    /// A socket is to be opened. [`Session::opened`] or [`Session::closed`] follows.
    Dial(SocketId),
    /// A frame is to be sent on a socket; one that has just closed says so by [`Session::closed`].
    Send(SocketId, String),
    /// A socket is not needed any more; one that is still being opened neither.
    HangUp(SocketId),
    /// The log is to be read from behind this entry to its end, each page given to [`Session::log_part`]; [`Session::log_ended`] follows.
    ReadLog {
        /// Whose.
        conversation: ConversationId,
        /// The last entry that is not needed.
        after: u64,
    },
    /// The conversations with the most recent activity are to be given to [`Session::recent`].
    ReadRecent,
    /// The application is to be told.
    Tell(ClientEvent),
    /// What became of a message is known.
    Settle(ClientMessageId, Box<Result<Sent, SendError>>),
}

/// One client.
pub struct Session {
    jitter: Box<dyn FnMut(Millis) -> Millis + Send>,
    effects: VecDeque<Effect>,
    links: Links,
    orders: BTreeMap<ConversationId, Conversing>,
    /// Those that were this user's: what is still on its way from them must not bring them back.
    former: BTreeMap<ConversationId, Former>,
    outbox: Outbox,
    syncs: Syncs,
    /// Whose session it is, once the server has said so.
    user: Option<UserId>,
    is_over: bool,
}

struct Conversing {
    order: Order<EventFrame>,
    failed_reads: u32,
    /// Whether the user was told that he is in it since the last time that its log was asked for.
    is_affirmed: bool,
    /// The last entry that took the user out of it.
    left_at: Option<u64>,
}

impl From<Order<EventFrame>> for Conversing {
    fn from(order: Order<EventFrame>) -> Self {
        Self { order, failed_reads: 0, is_affirmed: false, left_at: None }
    }
}

impl Session {
    /// A session without a socket, which dials as soon as [`Session::act`] is called. `jitter` draws evenly from nothing to its argument.
    pub fn new(jitter: impl FnMut(Millis) -> Millis + Send + 'static, now: Millis) -> Self {
        let mut links = Links::default();
        links.begin(now);
        Self {
            jitter: Box::new(jitter),
            effects: VecDeque::new(),
            links,
            orders: BTreeMap::new(),
            former: BTreeMap::new(),
            outbox: Outbox::default(),
            syncs: Syncs::default(),
            user: None,
            is_over: false,
        }
    }

    /// What is to be done next, in order; `None` until something happens again.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Session::act`] should be called, if nothing happens before.
    pub fn deadline(&self) -> Option<Millis> {
        let orders = self.orders.values().filter_map(|conversing| conversing.order.deadline()).min();
        let outbox = self.outbox.deadline().filter(|_| self.links.is_up());
        let syncs = self.syncs.deadline(self.links.is_up());
        [self.links.deadline(), orders, outbox, syncs].into_iter().flatten().min()
    }

    /// Whether the server has ended the session for good.
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The last entry of a conversation up to which everything was told.
    pub fn applied(&self, conversation: ConversationId) -> Option<u64> {
        self.orders.get(&conversation)?.order.applied()
    }

    /// Does everything that is due. To be called after each of the other methods.
    pub fn act(&mut self, now: Millis) {
        self.links.act(now, &mut self.jitter);
        for conversations in self.syncs.given_up(now) {
            self.read_instead(&conversations, now);
        }
        if self.links.is_up() && self.syncs.is_due(now) {
            self.sync(now);
        }
        let mut events = Vec::new();
        let mut behind = Vec::new();
        for (id, conversing) in &mut self.orders {
            match conversing.order.need(now) {
                Need::Nothing => {}
                Need::Apply(ready) => {
                    events.extend(ready);
                    // It is known by this alone, which may have come late: whether it is the user's is asked for.
                    conversing.order.read_anyway(now);
                }
                Need::ReadLog { after } => {
                    conversing.is_affirmed = false;
                    behind.push((*id, after));
                }
            }
        }
        self.apply(events, now);
        self.effects
            .extend(behind.into_iter().map(|(conversation, after)| Effect::ReadLog { conversation, after }));
        if self.links.is_up() {
            let orders = &self.orders;
            let seen = |id, after| orders.get(&id).and_then(|known| known.order.seen_through(after));
            let unanswered = self.outbox.expire(now, &mut self.jitter);
            for attempt in self.outbox.due(now, seen) {
                let frame = json!({"type": "message.send", "id": attempt.request, "data": attempt.data});
                self.links.send(frame.to_string());
            }
            if unanswered {
                self.links.probe(now);
            }
        }
        self.settle_links();
    }

    /// Notes that a conversation was read over HTTP, when its log ended at `head`.
    pub fn know(&mut self, conversation: ConversationId, head: u64, now: Millis) {
        if !self.orders.contains_key(&conversation) {
            self.begin(conversation, head, now);
        }
    }

    /// Puts a message together as it can be queued; `None` while it is not known where in the conversation this client stands.
    pub fn address(
        &self,
        conversation: ConversationId,
        client_id: ClientMessageId,
        draft: &Draft,
    ) -> Option<SendMessageData> {
        let after = self.applied(conversation)?;
        Some(SendMessageData { conversation_id: conversation, client_id, after, draft: draft.clone() })
    }

    /// Queues a message. [`Effect::Settle`] follows, however long it takes.
    pub fn queue(&mut self, message: SendMessageData, now: Millis) {
        let SendMessageData { conversation_id, client_id, after, draft } = message;
        self.outbox.queue(conversation_id, client_id, draft, after, now);
    }

    /// Queues what an earlier session left, and reads on from where it was written: whether it is stored stands there.
    pub fn queue_again(&mut self, message: SendMessageData, now: Millis) {
        let begin = || Order::after(message.after).into();
        let known: &mut Conversing = self.orders.entry(message.conversation_id).or_insert_with(begin);
        known.order.read_anyway(now);
        self.queue(message, now);
    }

    /// A socket is open.
    pub fn opened(&mut self, socket: SocketId, now: Millis) {
        let client = concat!("parlance-rust/", env!("CARGO_PKG_VERSION"));
        let start = json!({"type": "session.start", "id": format!("s{socket}"), "data": {"client": client}});
        self.links.opened(socket, start.to_string(), now);
        self.settle_links();
    }

    /// A socket is over, or could not be opened, because of this.
    pub fn closed(&mut self, socket: SocketId, reason: String, now: Millis) {
        if self.links.closed(socket, now, &mut self.jitter) || !self.links.is_up() {
            self.tell(ClientEvent::Disconnected { reason });
        }
    }

    /// These are the conversations with the most recent activity: those that are not known yet begin at their heads.
    pub fn recent(&mut self, conversations: Vec<Conversation>, now: Millis) {
        for conversation in conversations {
            self.meet(conversation, now);
        }
    }

    /// This stands in a conversation's log.
    pub fn log_part(&mut self, conversation: ConversationId, page: LogPage, now: Millis) {
        if let Some(first) = page.first_seq
            && let Some(known) = self.orders.get_mut(&conversation)
        {
            let ready = known.order.first_is(first, now);
            self.apply(ready, now);
        }
        for event in page.items {
            self.take(event, now);
        }
    }

    /// A log that was to be read from behind `after` was read to its `end`, or could not be.
    pub fn log_ended(
        &mut self,
        conversation: ConversationId,
        after: u64,
        end: Result<u64, ApiError>,
        now: Millis,
    ) {
        let Some(known) = self.orders.get_mut(&conversation) else { return };
        match end {
            Ok(head) => {
                let is_restored = head < after;
                if is_restored {
                    known.order.restart_at(head);
                } else {
                    known.order.read_ended(head, now);
                }
                known.failed_reads = 0;
                let order = &known.order;
                let lost =
                    self.outbox.log_was_read(conversation, head, |after| order.seen_through(after), now);
                if is_restored {
                    self.tell(ClientEvent::Restarted(conversation));
                }
                if let Some(client_id) = lost {
                    self.settle(client_id, Err(SendError::Unknown));
                }
            }
            // He was told meanwhile that he is in it: the answer may be older than that.
            Err(error) if error.is(ErrorCode::NotFound) && known.is_affirmed => {
                known.order.read_failed(now, 0);
            }
            Err(error) if error.is(ErrorCode::NotFound) => {
                let left_at = known.left_at;
                self.forget(conversation, left_at);
            }
            Err(_) => {
                known.failed_reads += 1;
                let wait = (self.jitter)(Backoff::READ.limit(known.failed_reads));
                known.order.read_failed(now, wait);
            }
        }
    }

    /// Ends every socket.
    pub fn end(&mut self) {
        self.links.end();
        self.settle_links();
    }

    fn tell(&mut self, event: ClientEvent) {
        self.effects.push_back(Effect::Tell(event));
    }

    fn settle(&mut self, client_id: ClientMessageId, outcome: Result<Sent, SendError>) {
        self.effects.push_back(Effect::Settle(client_id, Box::new(outcome)));
    }

    /// Has done what the links want.
    fn settle_links(&mut self) {
        while let Some(step) = self.links.step() {
            self.effects.push_back(match step {
                LinkStep::Dial(socket) => Effect::Dial(socket),
                LinkStep::Send(socket, frame) => Effect::Send(socket, frame),
                LinkStep::HangUp(socket) => Effect::HangUp(socket),
                LinkStep::Lost => Effect::Tell(ClientEvent::Disconnected { reason: "no answer".to_owned() }),
            });
        }
    }

    /// Asks for everything after what is known.
    fn sync(&mut self, now: Millis) {
        let known = self.orders.iter().filter_map(|(id, known)| Some((*id, known.order.applied()?)));
        for frame in self.syncs.begin(known, now) {
            self.links.send(frame);
        }
    }

    /// Reads over HTTP what a `sync` did not bring, and asks once more later.
    fn read_instead(&mut self, conversations: &[ConversationId], now: Millis) {
        let named = self.orders.iter_mut().filter(|(id, _)| conversations.contains(id));
        resume::read_on(named.map(|(_, known)| &mut known.order), now);
        self.effects.push_back(Effect::ReadRecent);
        self.syncs.failed(now, &mut self.jitter);
    }

    /// Takes an event from a socket, a log or an ack.
    fn take(&mut self, event: EventFrame, now: Millis) {
        match (event.conversation_id, event.seq) {
            (Some(id), Some(seq)) => {
                if self.is_stale(id, seq) {
                    return;
                }
                let is_new = !self.orders.contains_key(&id);
                let known = self.orders.entry(id).or_insert_with(|| Order::from_first_event().into());
                let ready = known.order.offer(seq, event, now);
                if is_new {
                    // The beginning of a conversation may come late, too: whether it is still the user's is asked for.
                    known.order.read_anyway(now + HOLD);
                }
                self.apply(ready, now);
            }
            (id, _) => match event.data() {
                EventData::SessionClosing(closing) if closing.reconnect => {
                    self.links.renew(closing.retry_after_ms, now, &mut self.jitter);
                }
                EventData::SessionClosing(closing) => {
                    self.end();
                    self.is_over = true;
                    self.tell(ClientEvent::Closed { reason: closing.reason });
                }
                EventData::ConversationCreated(conversation) => self.joined(*conversation, now),
                EventData::ConversationDeleted(deleted) => {
                    if let Some(id) = id {
                        self.left(id, deleted.last_seq);
                    }
                }
                _ => self.tell(ClientEvent::Ephemeral(event)),
            },
        }
    }

    /// Passes on events that come in their order.
    fn apply(&mut self, events: Vec<EventFrame>, now: Millis) {
        for event in events {
            if !self.outbox.is_empty()
                && let EventData::MessageCreated(message) = event.data()
                && let Some(client_id) = message.client_id.clone()
                && self.outbox.seen(message.conversation_id, &client_id, now)
            {
                self.settle(client_id, Ok(Sent { message: *message, duplicate: true }));
            }
            self.look_whether_taken_out(&event, now);
            self.tell(ClientEvent::Event(event));
        }
    }
}
