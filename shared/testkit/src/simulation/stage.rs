//! The real use cases, wired to the memory twins.

use std::sync::Arc;

use parlance_application::{
    conversations::{change::ChangeConversation, create::CreateConversation},
    delivery::{
        announce::Announcer,
        audiences::Audiences,
        broadcaster::{Broadcaster, Closer, FanOut},
        companions::Companions,
        lanes::Lanes,
        recipients::Recipients,
        relay::RelayHost,
        repair::{RepairEntries, RepairPorts},
    },
    log::{
        append::{TailAppend, VERIFIED_WINDOW},
        change::LogChanger,
        events::EventResolver,
        rosters::RosterReader,
    },
    messages::{
        delete::DeleteMessage,
        edit::EditMessage,
        mark_as_read::MarkAsRead,
        mention::NotifyMentioned,
        send::{SendMessage, SendPorts},
    },
    ports::environment::{Clock, Random},
    reads::{collect::CollectReads, tell::TellReads},
    safeguards::Safeguards,
};
use parlance_domain::event::EventEncoder;

use crate::memory::{
    cloud::MemoryCloud,
    connections::MemoryConnections,
    delivery::{MemoryGateway, MemoryQueues, SeqEncoder},
    gate::Gate,
    redis::MemoryRedis,
};

/// Everything of the running system but its processes.
#[derive(Clone)]
pub struct Stage {
    /// The table.
    pub cloud: MemoryCloud,
    /// Redis.
    pub redis: MemoryRedis,
    /// The registry of sockets.
    pub connections: MemoryConnections,
    /// Where posts arrive.
    pub gateway: MemoryGateway,
    /// What was handed to `fan-out` and to the timer.
    pub queues: MemoryQueues,
    /// `message.send`.
    pub send: SendMessage,
    /// New conversations.
    pub create: CreateConversation,
    /// Changes of roster and roles.
    pub change: ChangeConversation,
    /// The relay.
    pub relay: RelayHost,
    /// `message.edit`.
    pub edit: EditMessage,
    /// `message.delete`.
    pub delete: DeleteMessage,
    /// `message.read`.
    pub mark: MarkAsRead,
    /// `on-read-timer`.
    pub collect: CollectReads,
    new_relay: Arc<dyn Fn() -> RelayHost + Send + Sync>,
    rewire: Arc<dyn Fn(Outsides) -> Self + Send + Sync>,
    /// `fan-out`.
    pub fan_out: FanOut,
    /// `on-log-entry`.
    pub repair: RepairEntries,
    /// What tells sockets.
    pub broadcaster: Broadcaster,
}

/// What outlives every process of ours.
#[derive(Clone)]
pub struct Outsides {
    /// The table.
    pub cloud: MemoryCloud,
    /// Redis.
    pub redis: MemoryRedis,
    /// The registry of sockets.
    pub connections: MemoryConnections,
    /// Where posts arrive.
    pub gateway: MemoryGateway,
    /// What was handed to `fan-out` and to timers.
    pub queues: MemoryQueues,
}

impl Outsides {
    /// All of it behind one gate.
    pub fn behind(gate: Arc<dyn Gate>) -> Self {
        Self {
            cloud: MemoryCloud::behind(Arc::clone(&gate)),
            redis: MemoryRedis::behind(Arc::clone(&gate)),
            gateway: MemoryGateway::behind(Arc::clone(&gate)),
            queues: MemoryQueues::behind(Arc::clone(&gate)),
            connections: MemoryConnections::behind(gate),
        }
    }
}

impl Stage {
    /// Wires everything behind one gate, but for the registry of sockets, which always answers at once.
    pub fn new(
        gate: Arc<dyn Gate>,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
        safeguards: Safeguards,
        window: u64,
    ) -> Self {
        let connections = MemoryConnections::default();
        let outsides = Outsides { connections, ..Outsides::behind(gate) };
        Self::over(outsides, &(Arc::new(SeqEncoder) as _), clock, random, safeguards, window)
    }

    /// The same, whose events are spelled by this encoder.
    #[must_use]
    pub fn spelling(
        self,
        encoder: &Arc<dyn EventEncoder>,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Self {
        Self::over(self.outsides(), encoder, clock, random, Safeguards::ALL, VERIFIED_WINDOW)
    }

    /// Wires the processes of one host over what outlives them; `window` is how far behind a sender may be.
    #[allow(clippy::too_many_lines, reason = "the wiring of the whole stands in one place")]
    pub fn over(
        outsides: Outsides,
        encoder: &Arc<dyn EventEncoder>,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
        safeguards: Safeguards,
        window: u64,
    ) -> Self {
        let Outsides { cloud, redis, connections, gateway, queues } = outsides;
        let (clock, random, encoder) = (Arc::clone(clock), Arc::clone(random), Arc::clone(encoder));
        let rewire = {
            let (clock, random, encoder) = (Arc::clone(&clock), Arc::clone(&random), Arc::clone(&encoder));
            move |outsides| Self::over(outsides, &encoder, &clock, &random, safeguards, window)
        };
        let table = Arc::new(cloud.clone());
        let hints = Arc::new(redis.clone());
        let poster = Arc::new(gateway.clone());
        let directory = Arc::new(connections.clone());
        let rosters = RosterReader::new(table.clone(), table.clone(), hints.clone(), safeguards);
        let recipients = Recipients::new(directory.clone());
        let lanes = {
            let (poster, directory, encoder) = (poster.clone(), directory.clone(), encoder.clone());
            let (clock, random) = (clock.clone(), random.clone());
            move || -> Lanes {
                Lanes::new(poster.clone(), directory.clone(), encoder.clone(), clock.clone(), random.clone())
                    .with_safeguards(safeguards)
            }
        };
        let closer = Closer::new(poster.clone(), directory.clone(), encoder.clone());
        let broadcaster = Broadcaster::new(
            hints.clone(),
            recipients.clone(),
            lanes(),
            Arc::new(queues.clone()),
            closer.clone(),
            clock.clone(),
            safeguards,
        );
        let audiences = Audiences::new(table.clone());
        let announcer = Announcer::new(broadcaster.clone(), audiences, hints.clone(), encoder.clone());
        let append = TailAppend::new(
            table.clone(),
            rosters.clone(),
            hints.clone(),
            clock.clone(),
            random.clone(),
            safeguards,
        )
        .with_window(window);
        let events = EventResolver::new(table.clone(), table.clone());
        let changer =
            LogChanger::new(table.clone(), rosters.clone(), clock.clone(), random.clone(), safeguards);
        let companions = Companions::new(
            table.clone(),
            directory.clone(),
            broadcaster.clone(),
            closer.clone(),
            encoder.clone(),
        );
        let repair = RepairEntries::new(RepairPorts {
            log: table.clone(),
            conversations: table.clone(),
            cache: hints.clone(),
            relays: hints.clone(),
            timer: Arc::new(queues.clone()),
            rosters: rosters.clone(),
            events: events.clone(),
            broadcaster: broadcaster.clone(),
            companions: companions.clone(),
            encoder: encoder.clone(),
            clock: clock.clone(),
        });
        let change =
            ChangeConversation::new(changer, events, announcer.clone(), companions.clone(), hints.clone());
        let (mark, collect) = reading(&table, &hints, &queues, (&rosters, &broadcaster), &encoder, &clock);
        let edit = EditMessage::new(change.clone(), table.clone(), encoder.clone(), clock.clone());
        let delete = DeleteMessage::new(change.clone(), table.clone());
        let new_relay = {
            let (closer, clock, lanes) = (closer.clone(), clock.clone(), lanes.clone());
            let hints = hints.clone();
            move || {
                let (rosters, recipients) = (rosters.clone(), recipients.clone());
                RelayHost::new(rosters, recipients, lanes(), closer.clone(), hints.clone(), clock.clone())
            }
        };
        Self {
            create: CreateConversation::new(
                table.clone(),
                change.clone(),
                announcer.clone(),
                companions,
                hints.clone(),
                clock.clone(),
                random.clone(),
            ),
            send: SendMessage::new(SendPorts {
                append,
                announcer,
                mentions: NotifyMentioned::new(broadcaster.clone(), encoder.clone()),
                log: table.clone(),
                conversations: table.clone(),
                cache: hints.clone(),
                relays: hints.clone(),
                attachments: table,
                encoder: encoder.clone(),
                clock: clock.clone(),
                random: random.clone(),
            }),
            change,
            edit,
            delete,
            mark,
            collect,
            relay: new_relay(),
            new_relay: Arc::new(new_relay),
            rewire: Arc::new(rewire),
            fan_out: FanOut::new(lanes(), closer, clock),
            repair,
            broadcaster,
            cloud,
            redis,
            connections,
            gateway,
            queues,
        }
    }

    fn outsides(&self) -> Outsides {
        Outsides {
            cloud: self.cloud.clone(),
            redis: self.redis.clone(),
            connections: self.connections.clone(),
            gateway: self.gateway.clone(),
            queues: self.queues.clone(),
        }
    }

    /// Starts every process anew: nothing stands in a lane or a queue any more.
    pub fn restart(&mut self) {
        let outsides = self.outsides();
        self.queues.take_orders();
        self.queues.take_looks();
        *self = (self.rewire)(outsides);
    }

    /// Starts a relay in place of one that died: with empty lanes.
    pub fn replace_relay(&mut self) {
        self.relay = (self.new_relay)();
    }
}

/// What moves cursors, and what tells of them later.
fn reading(
    table: &Arc<MemoryCloud>,
    hints: &Arc<MemoryRedis>,
    queues: &MemoryQueues,
    (rosters, broadcaster): (&RosterReader, &Broadcaster),
    encoder: &Arc<dyn EventEncoder>,
    clock: &Arc<dyn Clock>,
) -> (MarkAsRead, CollectReads) {
    let tell = TellReads::new(
        table.clone(),
        rosters.clone(),
        hints.clone(),
        Arc::new(queues.clone()),
        broadcaster.clone(),
        encoder.clone(),
    );
    let collect = CollectReads::new(
        hints.clone(),
        hints.clone(),
        rosters.clone(),
        broadcaster.clone(),
        encoder.clone(),
    );
    let mark = MarkAsRead::new(table.clone(), table.clone(), hints.clone(), tell, clock.clone());
    (mark, collect)
}
