//! The routes that bad input meets, over memory ports.

use std::{sync::Arc, time::Duration};

use parlance_application::{
    conversations::log::ReadLog,
    delivery::broadcaster::Closer,
    limits::rates::RateLimits,
    messages::{find::FindMessage, history::ReadHistory},
    ports::{
        environment::{Clock, Random},
        identity::{Identity, ProfileClaims},
    },
    safeguards::Safeguards,
    sessions::{admit::AdmitCaller, authenticate::Authenticate},
};
use parlance_domain::{conversation::History, ids::ConversationId};
use parlance_edge::{
    Function,
    cursor::CursorSigner,
    http::{Callers, HttpRoutes, Replay},
    socket::{SocketDoor, SocketRoutes},
};
use parlance_functions::{
    http::{
        conversations::{log::ConversationLog, messages::ConversationMessages},
        messages::{read::MessageRead, send::MessageSend as HttpMessageSend},
    },
    ws::{message_send::MessageSend, ping::Ping, session_start::SessionStart},
};
use parlance_protocol::{
    json_events::JsonEvents,
    limits::{Limits, Rates},
};
use parlance_testkit::{
    memory::{
        environment::SeededRandom,
        gate::{Gate, OpenGate},
        idempotency::MemoryIdempotency,
        identity::{MemoryTickets, MemoryTokens},
        people::MemoryPeople,
    },
    scene::{Scene, user},
    simulation::stage::Stage,
};
use serde_json::{Value, json};

/// The routes of sockets and of HTTP over one table, in which Alice and Bob have a conversation, and Eve has one of her own.
pub struct House {
    pub scene: Scene,
    pub stage: Stage,
    pub socket: SocketRoutes,
    pub http: HttpRoutes,
    pub own: ConversationId,
    pub foreign: ConversationId,
}

/// How long Alice's token is good.
pub const TOKEN_LIFE: Duration = Duration::from_mins(10);

impl House {
    pub async fn new() -> Self {
        Self::behind(Arc::new(OpenGate), RateLimits::NONE).await
    }

    /// With these limits, and whatever goes wrong at the gate.
    pub async fn behind(gate: Arc<dyn Gate>, limits: RateLimits) -> Self {
        let mut scene = Scene::default();
        let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let stage = Stage::new(gate, &clock, &random, Safeguards::ALL, 512);
        scene.cloud = stage.cloud.clone();
        scene.redis = stage.redis.clone();
        let own = scene.conversation(1, History::All, &["alice", "bob"]).await;
        let foreign = scene.conversation(2, History::All, &["eve"]).await;
        let closer = Closer::new(
            Arc::new(stage.gateway.clone()),
            Arc::new(stage.connections.clone()),
            Arc::new(JsonEvents),
        );
        let limiter = scene.limiter(limits);
        let socket =
            SocketRoutes::behind(SocketDoor { closer, limiter: limiter.clone(), clock: clock.clone() })
                .route(MessageSend::new(stage.send.clone()))
                .route(SessionStart::new(clock.clone(), Limits::with(Rates::default())))
                .route(Ping);
        let tokens = MemoryTokens::default();
        tokens.issue(
            "alice",
            Identity {
                user: user("alice"),
                expires_at: clock.now().plus(TOKEN_LIFE),
                is_service: false,
                is_admin: false,
                profile: ProfileClaims::default(),
            },
        );
        let authenticate = Authenticate::new(Arc::new(tokens), Arc::new(MemoryTickets::default()), clock);
        let (log, conversations) = (scene.log(), scene.conversations());
        let replay = Replay::new(
            Arc::new(MemoryIdempotency::default()),
            Arc::new(scene.clock.clone()),
            random.clone(),
        );
        let admit = AdmitCaller::new(authenticate, Arc::new(MemoryPeople::default()));
        let http = HttpRoutes::for_callers(Callers { admit, limiter, replay })
            .route(HttpMessageSend::new(stage.send.clone()))
            .route(MessageRead::new(FindMessage::new(log.clone(), conversations.clone())))
            .route(ConversationLog::new(ReadLog::new(log.clone(), conversations.clone())))
            .route(ConversationMessages::new(
                ReadHistory::new(log, conversations),
                CursorSigner::new(b"signing secret", None),
            ));
        Self { scene, stage, socket, http, own, foreign }
    }

    /// What Alice's socket is answered; the frame is whatever text a client may send.
    pub async fn frame(&self, text: &str) -> Option<Value> {
        let expires_at = self.scene.clock.now().plus(TOKEN_LIFE).as_secs();
        self.frame_until(text, expires_at).await
    }

    pub async fn frame_until(&self, text: &str, expires_at: u64) -> Option<Value> {
        let authorizer = json!({
            "user_id": "alice", "token_expires_at": expires_at.to_string(), "scope": "messaging", "principalId": "alice",
        });
        let context = json!({"connectionId": "socket=", "routeKey": "$default", "authorizer": authorizer});
        let event = json!({"requestContext": context, "body": text, "isBase64Encoded": false});
        let answer = self.socket.call(serde_json::from_value(event).unwrap()).await.unwrap();
        assert_eq!(answer.status_code, 200);
        answer.body.map(|body| serde_json::from_str(&body).unwrap())
    }

    pub async fn send(&self, data: &Value) -> Value {
        self.frame(&json!({"type": "message.send", "id": "r1", "data": data}).to_string()).await.unwrap()
    }

    pub async fn request(
        &self,
        key: &str,
        id: &str,
        query: &str,
        headers: &Value,
        body: Option<&str>,
    ) -> (u16, Value) {
        let event = json!({
            "version": "2.0", "routeKey": key, "rawPath": "/", "rawQueryString": query, "headers": headers,
            "pathParameters": {"id": id}, "body": body, "isBase64Encoded": false, "requestContext": {},
        });
        let answer = self.http.call(serde_json::from_value(event).unwrap()).await.unwrap();
        if answer.status_code == 401 {
            assert!(answer.headers.contains_key("www-authenticate"));
        }
        if answer.status_code >= 400 {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        (answer.status_code, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    pub async fn post(&self, body: &str) -> (u16, Value) {
        let headers = json!({"authorization": "Bearer alice", "content-type": "application/json"});
        self.request("POST /api/messaging/messages", "", "", &headers, Some(body)).await
    }

    pub async fn get(&self, route: &str, id: &str, query: &str) -> (u16, Value) {
        self.request(route, id, query, &json!({"authorization": "bearer alice"}), None).await
    }

    pub fn stored(&self) -> usize {
        self.stage.cloud.state().stream.len()
    }
}
