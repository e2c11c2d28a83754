//! The session: one task that owns a client's state, and moves it with each command, frame, answer and passing of time.

mod answers;
mod links;

use std::{
    collections::{HashMap, hash_map::Entry},
    future::pending,
    sync::Arc,
    time::Duration,
};

use parlance_protocol::{
    conversation::Conversation,
    error_code::ErrorCode,
    event::{EventData, EventFrame},
    ids::{ClientMessageId, ConversationId},
    page::LogPage,
    request::send_message::{Draft, SendMessageData},
};
use serde_json::json;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::{Instant, sleep},
};

use self::links::{LinkStep, Links};
use crate::{
    api::{Api, ApiError},
    backoff::{Backoff, Millis},
    client::{ClientEvent, SendError, SendFailure, Sent},
    kept::KeptOutbox,
    options::Options,
    order::{Need, Order},
    outbox::Outbox,
    resume::{self, Syncs},
    socket::{self, SocketId, SocketReport},
};

/// How many logs are read at once.
const CONCURRENT_READS: usize = 8;

/// What an application asks of its session.
#[derive(Debug)]
pub(crate) enum Command {
    /// A conversation was read over HTTP, when its log ended here.
    Know(ConversationId, u64),
    /// A message is to be stored.
    Send { conversation: ConversationId, draft: Draft, reply: oneshot::Sender<Result<Sent, SendFailure>> },
}

/// What comes back from the tasks that a session starts.
#[derive(Debug)]
enum Report {
    Socket(SocketId, SocketReport),
    Recent(Result<Vec<Conversation>, ApiError>),
    LogPart(ConversationId, LogPage),
    LogEnd { conversation: ConversationId, after: u64, end: Result<u64, ApiError> },
}

/// The state of one client.
pub(crate) struct Session {
    options: Arc<Options>,
    api: Arc<Api>,
    events: mpsc::UnboundedSender<ClientEvent>,
    reports: (mpsc::UnboundedSender<Report>, mpsc::UnboundedReceiver<Report>),
    reads: Arc<Semaphore>,
    started: Instant,
    links: Links,
    orders: HashMap<ConversationId, Conversing>,
    outbox: Outbox,
    kept: Option<KeptOutbox>,
    syncs: Syncs,
    replies: HashMap<ClientMessageId, oneshot::Sender<Result<Sent, SendFailure>>>,
    is_over: bool,
}

struct Conversing {
    order: Order<EventFrame>,
    failed_reads: u32,
}

impl From<Order<EventFrame>> for Conversing {
    fn from(order: Order<EventFrame>) -> Self {
        Self { order, failed_reads: 0 }
    }
}

fn jitter(limit: Millis) -> Millis {
    rand::random_range(0..=limit)
}

impl Session {
    pub(crate) fn new(
        options: Arc<Options>,
        api: Arc<Api>,
        events: mpsc::UnboundedSender<ClientEvent>,
        kept: Option<KeptOutbox>,
    ) -> Self {
        let mut session = Self {
            options,
            api,
            events,
            reports: mpsc::unbounded_channel(),
            reads: Arc::new(Semaphore::new(CONCURRENT_READS)),
            started: Instant::now(),
            links: Links::default(),
            orders: HashMap::new(),
            outbox: Outbox::default(),
            kept: None,
            syncs: Syncs::default(),
            replies: HashMap::new(),
            is_over: false,
        };
        if let Some(kept) = &kept {
            session.resume_outbox(kept);
        }
        session.kept = kept;
        session
    }

    /// Queues what an earlier program left, and reads on from where it was written: whether it is stored stands there.
    fn resume_outbox(&mut self, kept: &KeptOutbox) {
        for SendMessageData { conversation_id, client_id, after, draft } in kept.waiting().cloned() {
            let begin = || Order::after(after).into();
            let known: &mut Conversing = self.orders.entry(conversation_id).or_insert_with(begin);
            known.order.read_anyway(0);
            self.outbox.queue(conversation_id, client_id, draft, after, 0);
        }
    }

    /// Runs until the application drops the client or the server ends the session for good.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        self.links.begin(self.now());
        while !self.is_over {
            self.act();
            let wake = self.deadline().map(|at| Duration::from_millis(at.saturating_sub(self.now())));
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => break,
                },
                Some(report) = self.reports.1.recv() => self.hear(report),
                () = async { match wake { Some(wake) => sleep(wake).await, None => pending().await } } => {}
            }
        }
        self.links.end();
    }

    fn now(&self) -> Millis {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    fn tell(&self, event: ClientEvent) {
        // An application that does not listen any more may still send.
        let _ = self.events.send(event);
    }

    fn deadline(&self) -> Option<Millis> {
        let orders = self.orders.values().filter_map(|conversing| conversing.order.deadline()).min();
        let outbox = self.outbox.deadline().filter(|_| self.links.is_up());
        let syncs = self.syncs.deadline();
        [self.links.deadline(), orders, outbox, syncs].into_iter().flatten().min()
    }

    /// Does everything that is due.
    fn act(&mut self) {
        let now = self.now();
        while let Some(step) = self.links.step(now, &mut jitter) {
            match step {
                LinkStep::Dial(id) => self.dial(id),
                LinkStep::Lost => self.tell(ClientEvent::Disconnected { reason: "no answer".to_owned() }),
            }
        }
        for conversations in self.syncs.given_up(now) {
            self.read_instead(&conversations, now);
        }
        let mut events = Vec::new();
        let mut behind = Vec::new();
        for (id, conversing) in &mut self.orders {
            match conversing.order.need(now) {
                Need::Nothing => {}
                Need::Apply(ready) => events.extend(ready),
                Need::ReadLog { after } => behind.push((*id, after)),
            }
        }
        self.apply(events);
        for (id, after) in behind {
            self.read_log(id, after);
        }
        if self.links.is_up() {
            let orders = &self.orders;
            let seen = |id, after| orders.get(&id).and_then(|known| known.order.seen_through(after));
            let unanswered = self.outbox.expire(now, &mut jitter);
            for attempt in self.outbox.due(now, seen) {
                let frame = json!({"type": "message.send", "id": attempt.request, "data": attempt.data});
                self.links.send(frame.to_string());
            }
            if unanswered {
                self.links.probe(now);
            }
        }
    }

    fn dial(&self, id: SocketId) {
        let reports = self.reports.0.clone();
        let report = move |report| drop(reports.send(Report::Socket(id, report)));
        tokio::spawn(socket::run(Arc::clone(&self.options), Arc::clone(&self.api), report));
    }

    fn read_log(&self, conversation: ConversationId, after: u64) {
        let (api, reads, reports) = (Arc::clone(&self.api), Arc::clone(&self.reads), self.reports.0.clone());
        tokio::spawn(async move {
            let _permit = reads.acquire_owned().await;
            let part = |page| drop(reports.send(Report::LogPart(conversation, page)));
            let end = resume::read_log(&api, conversation, after, part).await;
            drop(reports.send(Report::LogEnd { conversation, after, end }));
        });
    }

    /// Reads over HTTP what a `sync` did not bring.
    fn read_instead(&mut self, conversations: &[ConversationId], now: Millis) {
        let named = self.orders.iter_mut().filter(|(id, _)| conversations.contains(id));
        resume::read_on(named.map(|(_, known)| &mut known.order), now);
        let (api, reports) = (Arc::clone(&self.api), self.reports.0.clone());
        tokio::spawn(async move { drop(reports.send(Report::Recent(resume::recent(api).await))) });
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Know(id, head) => {
                self.orders.entry(id).or_insert_with(|| Order::after(head).into());
            }
            Command::Send { conversation, draft, reply } => {
                let known = self.orders.get(&conversation).and_then(|known| known.order.applied());
                let client_id = ClientMessageId::parse(&ulid::Ulid::generate().to_string());
                let (Some(after), Ok(client_id)) = (known, client_id) else {
                    let _ = reply.send(Err(SendFailure::NotKnown(draft)));
                    return;
                };
                if let Some(kept) = &mut self.kept {
                    let (client_id, draft) = (client_id.clone(), draft.clone());
                    let message = SendMessageData { conversation_id: conversation, client_id, after, draft };
                    if let Err(error) = kept.keep(message) {
                        let error = SendError::NotKept(Arc::new(error));
                        let _ = reply.send(Err(SendFailure::Failed(error)));
                        return;
                    }
                }
                self.replies.insert(client_id.clone(), reply);
                self.outbox.queue(conversation, client_id, draft, after, self.now());
            }
        }
    }

    fn hear(&mut self, report: Report) {
        let now = self.now();
        match report {
            Report::Socket(id, SocketReport::Opened(frames)) => {
                let client = concat!("parlance-rust/", env!("CARGO_PKG_VERSION"));
                let start =
                    json!({"type": "session.start", "id": format!("s{id}"), "data": {"client": client}});
                self.links.opened(id, frames, start.to_string(), now);
            }
            Report::Socket(id, SocketReport::Frame(frame)) => {
                self.links.heard(id, now);
                self.read_frame(&frame, now);
            }
            Report::Socket(id, SocketReport::Closed(reason)) => {
                if self.links.closed(id, now, &mut jitter) || !self.links.is_up() {
                    self.tell(ClientEvent::Disconnected { reason });
                }
            }
            Report::Recent(Ok(conversations)) => {
                for conversation in conversations {
                    self.meet(conversation);
                }
            }
            Report::Recent(Err(_)) => {}
            Report::LogPart(id, page) => {
                if let Some(first) = page.first_seq
                    && let Some(known) = self.orders.get_mut(&id)
                {
                    let ready = known.order.first_is(first, now);
                    self.apply(ready);
                }
                for event in page.items {
                    self.take(event, now);
                }
            }
            Report::LogEnd { conversation, after, end } => self.log_ended(conversation, after, end, now),
        }
    }

    /// Takes an event from a socket, a log or an ack.
    fn take(&mut self, event: EventFrame, now: Millis) {
        match (event.conversation_id, event.seq) {
            (Some(id), Some(seq)) => {
                let known = self.orders.entry(id).or_insert_with(|| Order::from_first_event().into());
                let ready = known.order.offer(seq, event, now);
                self.apply(ready);
            }
            (id, _) => match event.data() {
                EventData::SessionClosing(closing) if closing.reconnect => {
                    self.links.renew(closing.retry_after_ms, now, &mut jitter);
                }
                EventData::SessionClosing(closing) => self.end(&closing.reason),
                EventData::ConversationCreated(conversation) => self.meet(*conversation),
                EventData::ConversationDeleted(_) => {
                    if let Some(id) = id {
                        self.forget(id);
                    }
                }
                _ => self.tell(ClientEvent::Ephemeral(event)),
            },
        }
    }

    /// Passes on events that come in their order.
    fn apply(&mut self, events: Vec<EventFrame>) {
        for event in events {
            if !self.outbox.is_empty()
                && let EventData::MessageCreated(message) = event.data()
                && let Some(client_id) = &message.client_id
                && self.outbox.seen(message.conversation_id, client_id, self.now())
            {
                self.reply(client_id, Ok(Sent { message: (*message).clone(), duplicate: true }));
            }
            self.tell(ClientEvent::Event(event));
        }
    }

    fn meet(&mut self, conversation: Conversation) {
        if let Entry::Vacant(entry) = self.orders.entry(conversation.id) {
            entry.insert(Order::after(conversation.head_seq).into());
            self.tell(ClientEvent::Conversation(Box::new(conversation)));
        }
    }

    fn log_ended(
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
                    self.reply(&client_id, Err(SendError::Unknown));
                }
            }
            Err(error) if error.is(ErrorCode::NotFound) => self.forget(conversation),
            Err(_) => {
                known.failed_reads += 1;
                known.order.read_failed(now, jitter(Backoff::READ.limit(known.failed_reads)));
            }
        }
    }

    fn forget(&mut self, conversation: ConversationId) {
        if self.orders.remove(&conversation).is_some() {
            for client_id in self.outbox.abandon(conversation) {
                self.reply(&client_id, Err(SendError::Gone));
            }
            self.tell(ClientEvent::Gone(conversation));
        }
    }

    fn end(&mut self, reason: &str) {
        self.links.end();
        self.is_over = true;
        self.tell(ClientEvent::Closed { reason: reason.to_owned() });
    }

    fn reply(&mut self, client_id: &ClientMessageId, outcome: Result<Sent, SendError>) {
        let kept = self.kept.as_mut().and_then(|kept| kept.forget(client_id));
        if let Some(reply) = self.replies.remove(client_id) {
            // Whoever asked may have gone; the message is sent all the same.
            let _ = reply.send(outcome.map_err(SendFailure::Failed));
        } else if let (Some(message), Err(error)) = (kept, outcome) {
            self.tell(ClientEvent::Unsent { message: Box::new(message), error });
        }
    }
}
