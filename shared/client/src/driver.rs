//! Drives a session: one task that carries out its effects over sockets, HTTP and the file of the outbox, and tells it what came of them.

use std::{collections::HashMap, future::pending, sync::Arc, time::Duration};

use parlance_protocol::{
    conversation::Conversation,
    ids::{ClientMessageId, ConversationId},
    page::LogPage,
    request::send_message::{Draft, SendMessageData},
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::{Instant, sleep},
};

use crate::{
    api::{Api, ApiError},
    backoff::Millis,
    client::{ClientEvent, SendError, SendFailure, Sent},
    kept::KeptOutbox,
    options::Options,
    session::{Effect, Session, SocketId},
    socket::{self, SocketReport},
};

/// How many logs are read at once.
const CONCURRENT_READS: usize = 8;

/// What an application asks of its session.
#[derive(Debug)]
pub(crate) enum Command {
    /// A conversation was read over HTTP, when its log ended here.
    Know(ConversationId, u64),
    /// A message is to be stored.
    Send { conversation: ConversationId, draft: Draft, reply: Reply },
}

type Reply = oneshot::Sender<Result<Sent, SendFailure>>;

/// What comes back from the tasks that a driver starts.
#[derive(Debug)]
enum Report {
    Socket(SocketId, SocketReport),
    Recent(Vec<Conversation>),
    LogPart(ConversationId, LogPage),
    LogEnd { conversation: ConversationId, after: u64, end: Result<u64, ApiError> },
}

/// A session and its ways out.
pub(crate) struct Driver {
    session: Session,
    options: Arc<Options>,
    api: Arc<Api>,
    events: mpsc::UnboundedSender<ClientEvent>,
    reports: (mpsc::UnboundedSender<Report>, mpsc::UnboundedReceiver<Report>),
    reads: Arc<Semaphore>,
    started: Instant,
    /// Those that are wanted, each with the sender of its frames once it is open.
    sockets: HashMap<SocketId, Option<mpsc::UnboundedSender<String>>>,
    kept: Option<KeptOutbox>,
    replies: HashMap<ClientMessageId, Reply>,
}

impl Driver {
    pub(crate) fn new(
        options: Arc<Options>,
        api: Arc<Api>,
        events: mpsc::UnboundedSender<ClientEvent>,
        kept: Option<KeptOutbox>,
    ) -> Self {
        let mut session = Session::new(|limit| rand::random_range(0..=limit), 0);
        for message in kept.iter().flat_map(KeptOutbox::waiting) {
            session.queue_again(message.clone(), 0);
        }
        Self {
            session,
            options,
            api,
            events,
            reports: mpsc::unbounded_channel(),
            reads: Arc::new(Semaphore::new(CONCURRENT_READS)),
            started: Instant::now(),
            sockets: HashMap::new(),
            kept,
            replies: HashMap::new(),
        }
    }

    /// Runs until the application drops the client or the server ends the session for good.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            self.session.act(self.now());
            self.carry_out();
            if self.session.is_over() {
                return;
            }
            let wake = self.session.deadline().map(|at| Duration::from_millis(at.saturating_sub(self.now())));
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    // With the driver, the senders of frames are dropped, which closes the sockets.
                    None => return,
                },
                Some(report) = self.reports.1.recv() => self.hear(report),
                () = async { match wake { Some(wake) => sleep(wake).await, None => pending().await } } => {}
            }
        }
    }

    fn now(&self) -> Millis {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Know(id, head) => self.session.know(id, head, self.now()),
            Command::Send { conversation, draft, reply } => match self.keep(conversation, draft) {
                Ok(message) => {
                    self.replies.insert(message.client_id.clone(), reply);
                    self.session.queue(message, self.now());
                }
                // Whoever asked may have gone.
                Err(failure) => drop(reply.send(Err(*failure))),
            },
        }
    }

    /// Puts a message together and into the file of the outbox, if there is one: from then on it will be sent.
    fn keep(
        &mut self,
        conversation: ConversationId,
        draft: Draft,
    ) -> Result<SendMessageData, Box<SendFailure>> {
        let client_id = ClientMessageId::parse(&ulid::Ulid::generate().to_string()).ok();
        let message = client_id.and_then(|id| self.session.address(conversation, id, &draft));
        let message = message.ok_or_else(|| Box::new(SendFailure::NotKnown(draft)))?;
        if let Some(kept) = &mut self.kept {
            let not_kept = |error| Box::new(SendFailure::Failed(SendError::NotKept(Arc::new(error))));
            kept.keep(message.clone()).map_err(not_kept)?;
        }
        Ok(message)
    }

    fn hear(&mut self, report: Report) {
        let now = self.now();
        match report {
            Report::Socket(id, SocketReport::Opened(frames)) => {
                // One that nobody waits for any more is closed by this.
                if let Some(socket) = self.sockets.get_mut(&id) {
                    *socket = Some(frames);
                    self.session.opened(id, now);
                }
            }
            Report::Socket(id, SocketReport::Frame(frame)) => self.session.heard(id, &frame, now),
            Report::Socket(id, SocketReport::Closed(reason)) => {
                self.sockets.remove(&id);
                self.session.closed(id, reason, now);
            }
            Report::Recent(conversations) => self.session.recent(conversations, now),
            Report::LogPart(conversation, page) => self.session.log_part(conversation, page, now),
            Report::LogEnd { conversation, after, end } => {
                self.session.log_ended(conversation, after, end, now);
            }
        }
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.session.next_effect() {
            match effect {
                Effect::Dial(id) => self.dial(id),
                Effect::Send(id, frame) => {
                    if let Some(Some(frames)) = self.sockets.get(&id) {
                        // One that has just closed reports it itself.
                        let _ = frames.send(frame);
                    }
                }
                Effect::HangUp(id) => drop(self.sockets.remove(&id)),
                Effect::ReadLog { conversation, after } => self.read_log(conversation, after),
                Effect::ReadRecent => self.read_recent(),
                Effect::Tell(event) => self.tell(event),
                Effect::Settle(client_id, outcome) => self.settle(&client_id, *outcome),
            }
        }
    }

    fn dial(&mut self, id: SocketId) {
        self.sockets.insert(id, None);
        let reports = self.reports.0.clone();
        let report = move |report| drop(reports.send(Report::Socket(id, report)));
        tokio::spawn(socket::run(Arc::clone(&self.options), Arc::clone(&self.api), report));
    }

    fn read_log(&self, conversation: ConversationId, after: u64) {
        let (api, reads, reports) = (Arc::clone(&self.api), Arc::clone(&self.reads), self.reports.0.clone());
        tokio::spawn(async move {
            let _permit = reads.acquire_owned().await;
            let part = |page| drop(reports.send(Report::LogPart(conversation, page)));
            let end = read_log(&api, conversation, after, part).await;
            drop(reports.send(Report::LogEnd { conversation, after, end }));
        });
    }

    fn read_recent(&self) {
        let (api, reports) = (Arc::clone(&self.api), self.reports.0.clone());
        tokio::spawn(async move {
            // What cannot be read now is read after the next `sync`.
            if let Ok(page) = api.conversations(None, 200).await {
                drop(reports.send(Report::Recent(page.items)));
            }
        });
    }

    fn tell(&self, event: ClientEvent) {
        // An application that does not listen any more may still send.
        let _ = self.events.send(event);
    }

    fn settle(&mut self, client_id: &ClientMessageId, outcome: Result<Sent, SendError>) {
        let kept = self.kept.as_mut().and_then(|kept| kept.forget(client_id));
        if let Some(reply) = self.replies.remove(client_id) {
            // Whoever asked may have gone; the message is sent all the same.
            let _ = reply.send(outcome.map_err(SendFailure::Failed));
        } else if let (Some(message), Err(error)) = (kept, outcome) {
            self.tell(ClientEvent::Unsent { message: Box::new(message), error });
        }
    }
}

/// Reads what lies in a conversation's log behind `after`, up to its end, in parts: `next` gets each.
async fn read_log(
    api: &Api,
    conversation: ConversationId,
    mut after: u64,
    mut next: impl FnMut(LogPage),
) -> Result<u64, ApiError> {
    loop {
        let page = api.log(conversation, after).await?;
        let head = page.head_seq;
        let last = page.items.iter().filter_map(|entry| entry.seq).max();
        next(page);
        match last {
            Some(last) if last > after && last < head => after = last,
            _ => return Ok(head),
        }
    }
}
