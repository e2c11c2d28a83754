//! Puts use cases together from the adapters that a function was given the configuration of.

mod attachments;
mod conversations;
mod files;
mod messages;
mod people;
mod resuming;
mod signals;
mod webhooks;

use std::{
    pin::Pin,
    process::ExitCode,
    sync::{Arc, OnceLock},
};

use parlance_adapters::{Adapters, ConfigurationError, configuration::Secret, jwt::KeyRefresher};
use parlance_application::{
    connections::{
        admit::AdmitHandshake,
        close::CloseConnection,
        open::{OpenConnection, OpenPorts},
        origins::AllowedOrigins,
    },
    conversations::{create::CreateConversation, log::ReadLog},
    delivery::{
        announce::Announcer,
        audiences::Audiences,
        broadcaster::{Broadcaster, Closer, FanOut},
        companions::Companions,
        lanes::Lanes,
        publish::PublishEvents,
        recipients::Recipients,
        repair::{RepairEntries, RepairPorts},
    },
    limits::limiter::RateLimiter,
    log::{append::TailAppend, events::EventResolver, rosters::RosterReader},
    messages::{
        find::FindMessage,
        history::ReadHistory,
        mention::NotifyMentioned,
        send::{SendMessage, SendPorts},
    },
    ports::{delivery::ConnectionPoster, environment::Clock},
    presence::{arrive::Arrive, depart::Depart},
    safeguards::Safeguards,
    sessions::authenticate::Authenticate,
    tickets::issue::IssueTicket,
};
use parlance_domain::event::EventEncoder;
use parlance_edge::{
    Function,
    cursor::CursorSigner,
    http::{Callers, Replay},
    socket::SocketDoor,
};
use parlance_protocol::{
    json_events::JsonEvents,
    limits::{Limits, Rates},
};

/// A use case, unless the function's stanza forgot a variable that it needs.
pub type Assembled<T> = Result<T, ConfigurationError>;

/// Runs the function that `build` puts together. Its connections are opened before the first event.
pub fn start<F: Function>(build: impl FnOnce(&Assembly) -> Assembled<F>) -> ExitCode {
    parlance_edge::run(async || {
        let assembly = Assembly::from_env()?;
        let function = build(&assembly)?;
        assembly.prewarm().await;
        Ok(function)
    })
}

/// Builds use cases over one set of adapters.
pub struct Assembly {
    adapters: Adapters,
    encoder: Arc<dyn EventEncoder>,
    /// One for the whole process, so that each socket has one lane.
    broadcaster: OnceLock<Broadcaster>,
}

impl Assembly {
    fn from_env() -> Assembled<Self> {
        let adapters = Adapters::from_env()?;
        Ok(Self { adapters, encoder: Arc::new(JsonEvents), broadcaster: OnceLock::new() })
    }

    /// Opens the connections of everything that was built. Boxed, so that each binary need not compile it anew.
    fn prewarm(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.adapters.prewarm())
    }

    /// The host's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.adapters.clock()
    }

    /// Who calls.
    pub fn authenticate(&self) -> Assembled<Authenticate> {
        let adapters = &self.adapters;
        Ok(Authenticate::new(adapters.token_verifier()?, adapters.tickets()?, adapters.clock()))
    }

    /// How fast callers may be.
    pub fn rate_limiter(&self) -> Assembled<RateLimiter> {
        let adapters = &self.adapters;
        Ok(RateLimiter::new(adapters.configuration().rate_limits, adapters.rate_counters()?, self.clock()))
    }

    /// What stands before every route for callers with a token.
    pub fn callers(&self) -> Assembled<Callers> {
        let replay = Replay::new(self.adapters.idempotency()?, self.clock(), self.adapters.random());
        Ok(Callers { admit: self.admit_caller()?, limiter: self.rate_limiter()?, replay })
    }

    /// What stands before every route of a socket.
    pub fn socket_door(&self) -> Assembled<SocketDoor> {
        let (closer, limiter) = (self.closer()?, self.rate_limiter()?);
        Ok(SocketDoor { closer, limiter, clock: self.clock() })
    }

    /// The limits that clients are told.
    pub fn limits(&self) -> Limits {
        let rates = self.adapters.configuration().rate_limits;
        Limits::with(Rates {
            sends: rates.sends,
            writes: rates.writes,
            reads: rates.reads,
            handshakes: rates.handshakes,
            signals: rates.signals,
            uploads: rates.uploads,
            conversation_sends: rates.conversation_sends,
        })
    }

    /// Whether a handshake may go on.
    pub fn admit_handshake(&self) -> Assembled<AdmitHandshake> {
        let origins = AllowedOrigins::of(&self.adapters.configuration().allowed_origins);
        Ok(AdmitHandshake::new(self.authenticate()?, self.adapters.conversations()?, origins))
    }

    /// Registers a socket.
    pub fn open_connection(&self) -> Assembled<OpenConnection> {
        let adapters = &self.adapters;
        Ok(OpenConnection::new(OpenPorts {
            directory: adapters.connections()?,
            register: self.register_connection()?,
            people: adapters.people()?,
            conversations: adapters.conversations()?,
            limiter: self.rate_limiter()?,
            clock: self.clock(),
            arrive: Arrive {
                board: adapters.presence_board()?,
                departures: adapters.departures()?,
                timer: adapters.presence_timer()?,
                peers: adapters.direct_peers()?,
                cache: adapters.conversation_cache()?,
            },
        }))
    }

    /// Forgets a socket.
    pub fn close_connection(&self) -> Assembled<CloseConnection> {
        let adapters = &self.adapters;
        let depart = Depart {
            board: adapters.presence_board()?,
            departures: adapters.departures()?,
            timer: adapters.presence_timer()?,
            directory: adapters.connections()?,
            clock: self.clock(),
            grace: adapters.configuration().presence_grace,
        };
        Ok(CloseConnection::new(adapters.connections()?, depart))
    }

    /// Issues tickets.
    pub fn issue_ticket(&self) -> Assembled<IssueTicket> {
        Ok(IssueTicket::new(self.adapters.tickets()?, self.clock(), self.adapters.random()))
    }

    /// Sends messages.
    pub fn send_message(&self) -> Assembled<SendMessage> {
        let adapters = &self.adapters;
        let append = TailAppend::new(
            adapters.message_log()?,
            self.rosters()?,
            adapters.conversation_cache()?,
            self.clock(),
            adapters.random(),
            Safeguards::ALL,
        );
        Ok(SendMessage::new(SendPorts {
            append,
            announcer: self.announcer()?,
            mentions: NotifyMentioned::new(self.broadcaster()?, Arc::clone(&self.encoder)),
            log: adapters.message_log()?,
            conversations: adapters.conversations()?,
            cache: adapters.conversation_cache()?,
            relays: adapters.relay_bus()?,
            attachments: adapters.attachments()?,
            encoder: Arc::clone(&self.encoder),
            clock: self.clock(),
            random: adapters.random(),
        }))
    }

    /// Posts what no invocation's own response can say.
    pub fn connection_poster(&self) -> Assembled<Arc<dyn ConnectionPoster>> {
        self.adapters.connection_poster()
    }

    /// Finds one message.
    pub fn find_message(&self) -> Assembled<FindMessage> {
        Ok(FindMessage::new(self.adapters.message_log()?, self.adapters.conversations()?))
    }

    /// Creates conversations.
    pub fn create_conversation(&self) -> Assembled<CreateConversation> {
        let adapters = &self.adapters;
        Ok(CreateConversation::new(
            adapters.conversations()?,
            self.change_conversation()?,
            self.announcer()?,
            self.companions()?,
            adapters.conversation_cache()?,
            self.clock(),
            adapters.random(),
        ))
    }

    /// Reads pages of messages.
    pub fn read_history(&self) -> Assembled<ReadHistory> {
        Ok(ReadHistory::new(self.adapters.message_log()?, self.adapters.conversations()?))
    }

    /// Reads stretches of logs.
    pub fn read_log(&self) -> Assembled<ReadLog> {
        Ok(ReadLog::new(self.adapters.message_log()?, self.adapters.conversations()?))
    }

    /// Signs cursors.
    pub fn cursor_signer(&self) -> Assembled<CursorSigner> {
        let mut secrets = self.adapters.configuration().signing_secrets.iter();
        let current = secrets.next().ok_or(ConfigurationError::Missing("SIGNING_SECRET"))?;
        Ok(CursorSigner::new(current.reveal(), secrets.next().map(Secret::reveal)))
    }

    /// Posts to the sockets that were handed over.
    pub fn fan_out(&self) -> Assembled<FanOut> {
        Ok(FanOut::new(self.lanes()?, self.closer()?, self.clock()))
    }

    /// Fetches the issuer's keys.
    pub fn key_refresher(&self) -> Assembled<KeyRefresher> {
        self.adapters.key_refresher()?.ok_or(ConfigurationError::Missing("JWT_JWKS_URL"))
    }

    /// Looks after entries once they stand.
    pub fn repair_entries(&self) -> Assembled<RepairEntries> {
        let adapters = &self.adapters;
        Ok(RepairEntries::new(RepairPorts {
            log: adapters.message_log()?,
            conversations: adapters.conversations()?,
            cache: adapters.conversation_cache()?,
            relays: adapters.relay_bus()?,
            timer: adapters.entry_timer()?,
            rosters: self.rosters()?,
            events: self.events()?,
            broadcaster: self.broadcaster()?,
            companions: self.companions()?,
            encoder: Arc::clone(&self.encoder),
            clock: self.clock(),
        }))
    }

    /// Puts entries on the event bus; `None` in a stack that has none.
    pub fn publish_events(&self) -> Assembled<Option<PublishEvents>> {
        let Some(bus) = self.adapters.event_bus()? else { return Ok(None) };
        Ok(Some(PublishEvents::new(self.events()?, bus, Arc::clone(&self.encoder))))
    }

    fn rosters(&self) -> Assembled<RosterReader> {
        let adapters = &self.adapters;
        Ok(RosterReader::new(
            adapters.message_log()?,
            adapters.conversations()?,
            adapters.conversation_cache()?,
            Safeguards::ALL,
        ))
    }

    fn events(&self) -> Assembled<EventResolver> {
        Ok(EventResolver::new(self.adapters.message_log()?, self.adapters.conversations()?))
    }

    fn announcer(&self) -> Assembled<Announcer> {
        Ok(Announcer::new(
            self.broadcaster()?,
            Audiences::new(self.adapters.conversations()?),
            self.adapters.conversation_cache()?,
            Arc::clone(&self.encoder),
        ))
    }

    fn companions(&self) -> Assembled<Companions> {
        let adapters = &self.adapters;
        Ok(Companions::new(
            adapters.conversations()?,
            adapters.connections()?,
            self.broadcaster()?,
            self.closer()?,
            Arc::clone(&self.encoder),
        ))
    }

    fn broadcaster(&self) -> Assembled<Broadcaster> {
        if let Some(known) = self.broadcaster.get() {
            return Ok(known.clone());
        }
        let adapters = &self.adapters;
        let broadcaster = Broadcaster::new(
            adapters.relay_bus()?,
            Recipients::new(adapters.connections()?),
            self.lanes()?,
            adapters.fan_out()?,
            self.closer()?,
            self.clock(),
            Safeguards::ALL,
        );
        Ok(self.broadcaster.get_or_init(|| broadcaster).clone())
    }

    fn lanes(&self) -> Assembled<Lanes> {
        let adapters = &self.adapters;
        Ok(Lanes::new(
            adapters.connection_poster()?,
            adapters.connections()?,
            Arc::clone(&self.encoder),
            self.clock(),
            adapters.random(),
        ))
    }

    fn closer(&self) -> Assembled<Closer> {
        Ok(Closer::new(
            self.adapters.connection_poster()?,
            self.adapters.connections()?,
            Arc::clone(&self.encoder),
        ))
    }
}
