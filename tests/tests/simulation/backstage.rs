//! What runs where no client sees it: the stream and its reader, queues and their timers, `fan-out`, and the relay.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parlance_application::{
    delivery::{relay::RelayHost, repair::StreamedEntry},
    ports::{
        connections::Unannounced,
        delivery::{Broadcast, EntryLook, FanOutOrder},
    },
};
use parlance_client::{
    ApiError,
    protocol::{conversation::Conversation, page::LogPage},
};
use parlance_domain::{head::Seq, ids::ConversationId, log::Entry};

use super::{arrivals::Arrival, server::Server, tasks::mortal, world::World};

/// How long a queue waits before a message whose reader died or failed is read again.
const VISIBILITY: u64 = 3_000;

/// What became of something that was under way.
pub enum End {
    /// A handshake, at its client.
    Handshake { connection: String, is_open: bool },
    /// A witness can hear.
    Witness { connection: String },
    /// A frame, at API Gateway, on a socket that has ended there.
    Unreachable { connection: String },
    /// A function's answer, at API Gateway.
    Answer { connection: String, answer: Option<String> },
    /// A log was read by a client.
    Log {
        device: usize,
        program: u32,
        conversation: ConversationId,
        after: u64,
        pages: Vec<LogPage>,
        end: Result<u64, ApiError>,
    },
    /// The list was read by a client.
    Recent { device: usize, program: u32, conversations: Vec<Conversation> },
    /// A batch of the stream: so many were new, and these have to come again.
    Streamed { taken: usize, failed: Vec<(ConversationId, Entry)> },
    /// A second look failed.
    LookAgain(ConversationId, Seq, EntryLook),
    /// An announcement failed.
    AnnounceAgain(Unannounced),
    /// An invocation died that will be made again.
    FanOutAgain(FanOutOrder),
    /// Nothing that anybody waits for.
    Nothing,
}

/// The state of what runs behind the scene.
pub struct Backstage {
    relay: RelayHost,
    is_relay_dead: Arc<AtomicBool>,
    streamed: usize,
    redo: Vec<(ConversationId, Entry)>,
    is_streaming: bool,
    audited: usize,
    /// Whether the next move of the table is on its way.
    pub is_table_moving: bool,
}

impl Backstage {
    /// Nothing has happened yet.
    pub fn new(server: &Server) -> Self {
        Self {
            relay: server.host().stage.relay,
            is_relay_dead: Arc::default(),
            streamed: 0,
            redo: Vec::new(),
            is_streaming: false,
            audited: 0,
            is_table_moving: false,
        }
    }

    /// Whether the whole stream was read.
    pub fn has_read_all(&self, entries: usize) -> bool {
        !self.is_streaming && self.redo.is_empty() && self.streamed >= entries
    }
}

impl World {
    /// Starts what was published, handed over, asked for, posted or written since the last time.
    pub(super) fn look_around(&mut self) {
        self.audit();
        self.take_deliveries();
        self.take_published();
        let host = Arc::clone(&self.hosts[0]);
        for order in self.server.outsides.queues.take_orders() {
            self.fan_out(order);
        }
        for (conversation, seq, look, after) in self.server.outsides.queues.take_looks() {
            self.look_later(conversation, seq, look, after);
        }
        for (conversation, after) in self.server.outsides.queues.take_collections() {
            let (collect, clock, death) =
                (host.stage.collect.clone(), self.clock.clone(), self.weather.death());
            self.tasks.start(async move {
                clock.pass(millis(after)).await;
                mortal(death, collect.execute(vec![conversation])).await;
                End::Nothing
            });
        }
        self.server.announcements.take_looks();
        for (socket, after) in self.server.announcements.take_announcements() {
            self.announce_later(socket, after);
        }
        self.stream();
        let is_moving = {
            let state = self.server.outsides.cloud.state();
            state.transactions_under_way() > 0 || state.late_writes() > 0
        };
        if is_moving && !self.backstage.is_table_moving {
            self.backstage.is_table_moving = true;
            let pause = self.within(6);
            self.send_after(pause, Arrival::Table);
        }
    }

    /// Takes what ended.
    pub(super) fn end(&mut self, end: End) {
        let now = self.clock.moment();
        match end {
            End::Handshake { connection, is_open } => self.handshake_ended(&connection, is_open),
            End::Witness { connection } => self.witness_opened(&connection),
            End::Unreachable { connection } => self.unreachable(&connection),
            End::Answer { connection, answer: Some(answer) } if !answer.is_empty() => {
                if !self.weather.loses_answer() {
                    self.deliver(&connection, answer);
                }
            }
            End::Log { device, program, conversation, after, pages, end } => {
                if self.devices[device].program == program {
                    self.note(|| format!("d{device} has read {conversation} after {after}: {end:?}"));
                    self.give(device, |session| {
                        for page in pages {
                            session.log_part(conversation, page, now);
                        }
                        session.log_ended(conversation, after, end, now);
                    });
                }
            }
            End::Recent { device, program, conversations } => {
                if self.devices[device].program == program {
                    self.give(device, |session| session.recent(conversations, now));
                }
            }
            End::Streamed { taken, failed } => {
                self.backstage.is_streaming = false;
                self.backstage.streamed += taken;
                self.backstage.redo = failed;
            }
            End::LookAgain(conversation, seq, look) => {
                self.look_later(conversation, seq, look, Duration::from_millis(VISIBILITY));
            }
            End::AnnounceAgain(socket) => self.announce_later(socket, Duration::from_millis(VISIBILITY)),
            End::FanOutAgain(order) => self.fan_out(order),
            End::Answer { .. } | End::Nothing => {}
        }
    }

    /// Holds every new entry against the promises.
    fn audit(&mut self) {
        let new: Vec<(ConversationId, Entry)> = {
            let state = self.server.outsides.cloud.state();
            state.stream.iter().skip(self.backstage.audited).cloned().collect()
        };
        self.backstage.audited += new.len();
        for (conversation, entry) in new {
            self.note(|| format!("{conversation} {} is {:?} of {}", entry.seq, entry.body, entry.actor));
            let Some(place) = self.places.iter_mut().find(|place| place.id == conversation) else { continue };
            for broken in place.audit.take(&entry) {
                self.violate(format!("{broken}: {conversation} at {}", entry.seq));
            }
        }
    }

    fn take_deliveries(&mut self) {
        let deliveries = std::mem::take(&mut *self.server.outsides.gateway.deliveries());
        for (connection, frame) in deliveries {
            if frame == b"closed" {
                self.closed_by_server(connection.as_str());
            } else {
                self.deliver(connection.as_str(), String::from_utf8(frame).unwrap());
            }
        }
    }

    /// What was published reaches the relay, unless it does not.
    fn take_published(&mut self) {
        let published: Vec<Broadcast> = std::mem::take(&mut self.server.outsides.redis.keys().published);
        for broadcast in published {
            if self.random.happens(0.05) {
                continue;
            }
            let relay = self.backstage.relay.clone();
            let is_dead = Arc::clone(&self.backstage.is_relay_dead);
            let (clock, latency) = (self.clock.clone(), self.within(5));
            self.tasks.start(async move {
                let work = async {
                    clock.pass(latency).await;
                    if let Ok(drivers) = relay.accept(&broadcast).await {
                        futures::future::join_all(drivers).await;
                    }
                };
                until_dead(&is_dead, work).await;
                End::Nothing
            });
        }
    }

    /// The relay dies, with what stood in its lanes, and another takes its place.
    pub(super) fn replace_relay(&mut self) {
        self.backstage.is_relay_dead.store(true, Ordering::Relaxed);
        self.backstage.is_relay_dead = Arc::default();
        self.backstage.relay = self.server.host().stage.relay;
        self.has_lost_frames = true;
    }

    fn fan_out(&mut self, order: FanOutOrder) {
        let (fan_out, clock) = (self.host().stage.fan_out.clone(), self.clock.clone());
        let (death, latency) = (self.weather.death(), self.within(50));
        self.tasks.start(async move {
            clock.pass(latency).await;
            match mortal(death, fan_out.execute(order.clone())).await {
                Some(()) => End::Nothing,
                None => End::FanOutAgain(order),
            }
        });
    }

    fn look_later(&mut self, conversation: ConversationId, seq: Seq, look: EntryLook, after: Duration) {
        let (repair, clock) = (self.host().stage.repair.clone(), self.clock.clone());
        let death = self.weather.death();
        self.tasks.start(async move {
            clock.pass(millis(after)).await;
            match mortal(death, repair.on_timer(conversation, seq, look)).await {
                Some(Ok(())) => End::Nothing,
                Some(Err(_)) | None => End::LookAgain(conversation, seq, look),
            }
        });
    }

    fn announce_later(&mut self, socket: Unannounced, after: Duration) {
        let (host, clock, death) = (self.host(), self.clock.clone(), self.weather.death());
        self.tasks.start(async move {
            clock.pass(millis(after)).await;
            let done = mortal(death, host.announce.execute(std::slice::from_ref(&socket))).await;
            match done {
                Some(done) if done.iter().all(Result::is_ok) => End::Nothing,
                _ => End::AnnounceAgain(socket),
            }
        });
    }

    /// The stream's reader takes the next batch, and again what failed.
    fn stream(&mut self) {
        let backstage = &mut self.backstage;
        let new: Vec<(ConversationId, Entry)> = {
            let state = self.server.outsides.cloud.state();
            if backstage.is_streaming || backstage.has_read_all(state.stream.len()) {
                return;
            }
            let size = 1 + self.random.index(8);
            state.stream.iter().skip(backstage.streamed).take(size).cloned().collect()
        };
        backstage.is_streaming = true;
        let taken = new.len();
        let batch: Vec<_> = new.into_iter().chain(std::mem::take(&mut backstage.redo)).collect();
        let (repair, clock) = (self.host().stage.repair.clone(), self.clock.clone());
        let (death, latency) = (self.weather.death(), self.within(400));
        self.tasks.start(async move {
            clock.pass(latency).await;
            let entry = |(conversation, entry): &(ConversationId, Entry)| StreamedEntry {
                conversation: *conversation,
                entry: entry.clone(),
            };
            let entries: Vec<StreamedEntry> = batch.iter().map(entry).collect();
            let failed = match mortal(death, repair.on_stream(&entries)).await {
                Some(outcomes) => {
                    let outcomes = batch.into_iter().zip(outcomes);
                    outcomes.filter(|(_, outcome)| outcome.is_err()).map(|(record, _)| record).collect()
                }
                None => batch,
            };
            End::Streamed { taken, failed }
        });
    }
}

/// Carries a future out until its process dies.
async fn until_dead(is_dead: &AtomicBool, work: impl Future<Output = ()>) {
    let mut work = Box::pin(work);
    std::future::poll_fn(|context| {
        if is_dead.load(Ordering::Relaxed) {
            return std::task::Poll::Ready(());
        }
        work.as_mut().poll(context)
    })
    .await;
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}
