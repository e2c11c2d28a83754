//! The server: hosts, each with the real routes over the real use cases, and behind them the memory twins that outlive them.

use std::sync::Arc;

use parlance_application::{
    connections::{
        announce::AnnounceConnections,
        open::{OpenConnection, OpenPorts},
        register::RegisterConnection,
    },
    conversations::{
        list::ListConversations,
        log::ReadLog,
        standing::Standings,
        summary::Summaries,
        sync::{SyncConversations, SyncPorts},
    },
    delivery::{broadcaster::Closer, lanes::Lanes},
    limits::{limiter::RateLimiter, rates::RateLimits},
    log::{events::EventResolver, rosters::RosterReader},
    ports::{
        environment::{Clock, Random},
        identity::{Identity, ProfileClaims},
    },
    presence::arrive::Arrive,
    sessions::{admit::AdmitCaller, authenticate::Authenticate, resume::ResumeSession},
};
use parlance_domain::{event::EventEncoder, ids::UserId};
use parlance_edge::{
    Function,
    cursor::CursorSigner,
    http::{Callers, HttpRoutes, Replay},
    socket::{SocketDoor, SocketEvent, SocketRoutes},
};
use parlance_functions::{
    http::conversations::{list::ConversationList, log::ConversationLog},
    ws::{
        connect::Connect, message_delete::MessageDelete, message_edit::MessageEdit,
        message_read::MessageRead, message_send::MessageSend, ping::Ping, session_start::SessionStart,
        sync::Sync,
    },
};
use parlance_protocol::{
    json_events::JsonEvents,
    limits::{Limits, Rates},
};
use parlance_testkit::{
    memory::{
        environment::SeededRandom,
        idempotency::MemoryIdempotency,
        identity::{MemoryTickets, MemoryTokens},
        people::MemoryPeople,
        presence::MemoryPresenceTimer,
    },
    simulation::stage::{Outsides, Stage},
};
use serde_json::json;

use super::{
    clock::LeapingClock,
    weather::{Conditions, Weather},
};

/// How many seconds everybody's token is good: longer than any simulation.
const TOKENS_EXPIRE_AT: u64 = 9_000_000_000;

/// One set of the functions' processes.
pub struct Host {
    /// The use cases.
    pub stage: Stage,
    /// Every route of a socket.
    pub socket: SocketRoutes,
    /// `$connect`.
    pub connect: Connect,
    /// The routes over HTTP that the client library reads.
    pub http: HttpRoutes,
    /// What comes back to sockets that senders do not know of.
    pub announce: AnnounceConnections,
}

/// What outlives hosts, and what one is made of.
pub struct Server {
    /// The table, Redis, the gateway and the queues.
    pub outsides: Outsides,
    /// Which announcements are to be made.
    pub announcements: MemoryPresenceTimer,
    conditions: Arc<Conditions>,
    clock: LeapingClock,
    random: SeededRandom,
    tokens: MemoryTokens,
    people: MemoryPeople,
}

impl Server {
    /// An empty server, which knows these people by tokens that are called like them.
    pub fn new(
        conditions: &Arc<Conditions>,
        weather: &Weather,
        clock: &LeapingClock,
        random: &SeededRandom,
        people: &[UserId],
    ) -> Self {
        let tokens = MemoryTokens::default();
        for user in people {
            let identity = Identity {
                user: user.clone(),
                expires_at: parlance_domain::time::Timestamp::from_millis(TOKENS_EXPIRE_AT * 1_000),
                is_service: false,
                is_admin: false,
                profile: ProfileClaims::default(),
            };
            tokens.issue(user.as_str(), identity);
        }
        let outsides = Outsides::behind(Arc::new(weather.clone()));
        outsides.gateway.close_all();
        Self {
            outsides,
            announcements: MemoryPresenceTimer::default(),
            conditions: Arc::clone(conditions),
            clock: clock.clone(),
            random: random.clone(),
            tokens,
            people: MemoryPeople::default(),
        }
    }

    /// Starts a host.
    pub fn host(&self) -> Host {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let random: Arc<dyn Random> = Arc::new(self.random.clone());
        let encoder: Arc<dyn EventEncoder> = Arc::new(JsonEvents);
        let safeguards = self.conditions.safeguards;
        let outsides = self.outsides.clone();
        let stage = Stage::over(outsides, &encoder, &clock, &random, safeguards, self.conditions.window);

        let table = Arc::new(self.outsides.cloud.clone());
        let redis = Arc::new(self.outsides.redis.clone());
        let poster = Arc::new(self.outsides.gateway.clone());
        let directory = Arc::new(self.outsides.connections.clone());
        let timer = Arc::new(self.announcements.clone());
        let limiter = RateLimiter::new(RateLimits::NONE, redis.clone(), clock.clone());

        let rosters = RosterReader::new(table.clone(), table.clone(), redis.clone(), safeguards);
        let summaries = Summaries::new(table.clone(), table.clone(), rosters, redis.clone());
        let standings = Standings::new(table.clone(), table.clone(), redis.clone());
        let list = ListConversations::new(table.clone(), table.clone(), clock.clone(), standings, summaries);
        let sync = SyncConversations::new(SyncPorts {
            log: table.clone(),
            conversations: table.clone(),
            cache: redis.clone(),
            events: EventResolver::new(table.clone(), table.clone()),
            list: list.clone(),
            encoder: encoder.clone(),
        })
        .with_limits(self.conditions.sync);
        let lanes =
            Lanes::new(poster.clone(), directory.clone(), encoder.clone(), clock.clone(), random.clone())
                .with_safeguards(safeguards);
        let register = RegisterConnection::new(directory.clone(), timer.clone(), poster.clone());
        let resume =
            ResumeSession::new(register.clone(), sync, lanes, clock.clone()).with_safeguards(safeguards);
        let closer = Closer::new(poster, directory.clone(), encoder);
        let socket = SocketRoutes::behind(SocketDoor {
            closer: closer.clone(),
            limiter: limiter.clone(),
            clock: clock.clone(),
        })
        .route(MessageSend::new(stage.send.clone()))
        .route(MessageEdit::new(stage.edit.clone()))
        .route(MessageDelete::new(stage.delete.clone()))
        .route(MessageRead::new(stage.mark.clone()))
        .route(Sync::new(resume))
        .route(SessionStart::new(clock.clone(), Limits::with(Rates::default())))
        .route(Ping);
        let connect = Connect::new(OpenConnection::new(OpenPorts {
            directory: directory.clone(),
            register,
            people: Arc::new(self.people.clone()),
            conversations: table.clone(),
            limiter: limiter.clone(),
            clock: clock.clone(),
            arrive: Arrive {
                board: redis.clone(),
                departures: redis.clone(),
                timer: timer.clone(),
                peers: table.clone(),
                cache: redis,
            },
        }));
        let authenticate = Authenticate::new(
            Arc::new(self.tokens.clone()),
            Arc::new(MemoryTickets::default()),
            clock.clone(),
        );
        let admit = AdmitCaller::new(authenticate, Arc::new(self.people.clone()));
        let replay = Replay::new(Arc::new(MemoryIdempotency::default()), clock.clone(), random);
        let http = HttpRoutes::for_callers(Callers { admit, limiter, replay })
            .route(ConversationLog::new(ReadLog::new(table.clone(), table)))
            .route(ConversationList::new(list, CursorSigner::new(b"signing secret", None)));
        let announce = AnnounceConnections::new(directory, timer, closer, clock);
        Host { stage, socket, connect, http, announce }
    }
}

/// The event of a socket's frame, or of its handshake, as API Gateway makes it after the authorizer let the user in.
pub fn socket_event(user: &UserId, connection: &str, frame: Option<&str>) -> SocketEvent {
    let authorizer = json!({
        "user_id": user, "principalId": user, "scope": "messaging",
        "token_expires_at": TOKENS_EXPIRE_AT.to_string(),
    });
    let context = json!({"connectionId": connection, "routeKey": "$default", "authorizer": authorizer});
    serde_json::from_value(json!({"requestContext": context, "body": frame})).unwrap()
}

impl Host {
    /// What a socket's frame is answered.
    pub async fn frame(&self, user: &UserId, connection: &str, frame: &str) -> Option<String> {
        self.socket.call(socket_event(user, connection, Some(frame))).await.unwrap().body
    }

    /// The status of a handshake.
    pub async fn handshake(&self, user: &UserId, connection: &str) -> Option<u16> {
        Some(self.connect.call(socket_event(user, connection, None)).await.ok()?.status_code)
    }

    /// The answer to a reader over HTTP.
    pub async fn get(&self, user: &UserId, route: &str, id: &str, query: &str) -> (u16, String) {
        let event = json!({
            "routeKey": format!("GET /api/messaging/{route}"), "rawQueryString": query,
            "headers": {"authorization": format!("Bearer {user}")}, "pathParameters": {"id": id},
        });
        let answer = self.http.call(serde_json::from_value(event).unwrap()).await.unwrap();
        (answer.status_code, answer.body)
    }
}
