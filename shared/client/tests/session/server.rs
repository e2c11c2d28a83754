//! A server of one conversation that keeps the contract, except for what it is told to get wrong.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use parlance_client::protocol::Seq;
use parlance_client::protocol::ids::{ConversationId, MessageId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::broadcast};

/// What the server does to its sockets.
#[derive(Debug, Clone)]
pub enum Push {
    /// Sends a frame to everybody.
    Frame(String),
    /// Cuts every socket.
    Cut,
}

#[derive(Clone)]
pub struct Server {
    pub origin: String,
    state: Arc<Inner>,
}

struct Inner {
    log: Mutex<Vec<Value>>,
    pushes: broadcast::Sender<Push>,
    lose_acks: AtomicU32,
    fail_sends: AtomicU32,
    out_of_date: AtomicU32,
    is_closed: AtomicBool,
    handshakes: AtomicU32,
    sends: Mutex<Vec<Value>>,
    syncs: Mutex<Vec<Value>>,
}

pub fn here() -> ConversationId {
    ConversationId::from_bytes([7; 16])
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Inner {
            log: Mutex::default(),
            pushes: broadcast::channel(1_000).0,
            lose_acks: AtomicU32::new(0),
            fail_sends: AtomicU32::new(0),
            out_of_date: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
            handshakes: AtomicU32::new(0),
            sends: Mutex::default(),
            syncs: Mutex::default(),
        });
        let server = Self { origin, state };
        server.append("alice", "created", "c0");
        let routes = Router::new()
            .route("/api/messaging/ws/ticket/", post(|| async { Json(json!({"ticket": "t_1"})) }))
            .route("/api/messaging/conversations/", get(list))
            .route("/api/messaging/conversations/direct/", post(direct))
            .route("/api/messaging/conversations/{id}/log/", get(log))
            .route("/ws/messaging/", get(socket))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        server
    }

    /// Writes an entry without telling anybody, and returns its event.
    pub fn append(&self, sender: &str, content: &str, client_id: &str) -> String {
        let mut log = self.state.log.lock().unwrap();
        let seq = log.len() as u64 + 1;
        let message = json!({
            "id": MessageId::new(here(), Seq::new(seq).unwrap()), "conversation_id": here(), "seq": seq, "n": seq,
            "version": 1, "kind": "text", "sender_id": sender, "client_id": client_id, "content": content,
            "created_at": "2026-11-22T21:00:00.123Z",
        });
        let event = json!({
            "type": "message.created", "conversation_id": here(), "seq": seq, "ts": "2026-11-22T21:00:00.123Z",
            "data": message,
        });
        log.push(event.clone());
        event.to_string()
    }

    pub fn push(&self, push: Push) {
        let _ = self.state.pushes.send(push);
    }

    pub fn lose_acks(&self, count: u32) {
        self.state.lose_acks.store(count, Ordering::SeqCst);
    }

    pub fn fail_sends(&self, count: u32) {
        self.state.fail_sends.store(count, Ordering::SeqCst);
    }

    pub fn refuse_as_out_of_date(&self, count: u32) {
        self.state.out_of_date.store(count, Ordering::SeqCst);
    }

    /// Refuses handshakes from now on, or takes them again.
    pub fn close(&self, is_closed: bool) {
        self.state.is_closed.store(is_closed, Ordering::SeqCst);
    }

    pub fn handshakes(&self) -> u32 {
        self.state.handshakes.load(Ordering::SeqCst)
    }

    /// The data of every `message.send` that came.
    pub fn sends(&self) -> Vec<Value> {
        self.state.sends.lock().unwrap().clone()
    }

    /// The data of every `sync` that came.
    pub fn syncs(&self) -> Vec<Value> {
        self.state.syncs.lock().unwrap().clone()
    }

    /// The texts of the log.
    pub fn texts(&self) -> Vec<String> {
        let log = self.state.log.lock().unwrap();
        log.iter().map(|event| event["data"]["content"].as_str().unwrap().to_owned()).collect()
    }

    fn conversation(&self) -> Value {
        let head = self.state.log.lock().unwrap().len();
        json!({
            "id": here(), "kind": "direct", "created_by": "alice", "created_at": "2026-11-22T21:00:00.123Z",
            "writable": true, "participant_count": 2, "participants": [], "history": "all", "head_seq": head,
            "head_n": head,
        })
    }

    fn answer(&self, frame: &Value) -> Option<String> {
        let id = &frame["id"];
        match frame["type"].as_str().unwrap() {
            "session.start" => Some(json!({"type": "session.ready", "id": id, "data": {}}).to_string()),
            "ping" => Some(json!({"type": "pong", "id": id, "data": {}}).to_string()),
            "sync" => Some(self.sync(id, &frame["data"])),
            "message.send" => self.take(id, &frame["data"]),
            other => panic!("no such frame: {other}"),
        }
    }

    /// Replays up to five entries, in a frame that the answer overtakes; more have to be read.
    fn sync(&self, id: &Value, data: &Value) -> String {
        self.state.syncs.lock().unwrap().push(data.clone());
        let log = self.state.log.lock().unwrap().clone();
        let head = log.len();
        let named = data["conversations"].as_object().unwrap();
        let outcome = |id: &str, last: &Value| {
            if id != here().to_string() {
                return "gone";
            }
            let missed = &log[usize::try_from(last.as_u64().unwrap()).unwrap().min(head)..];
            if !missed.is_empty() && missed.len() <= 5 {
                self.push(Push::Frame(json!({"type": "batch", "events": missed}).to_string()));
            }
            if missed.len() <= 5 { "recovered" } else { "reset" }
        };
        let conversations: serde_json::Map<_, _> = named
            .iter()
            .map(|(id, last)| (id.clone(), json!({"outcome": outcome(id, last), "head_seq": head})))
            .collect();
        let new = if named.is_empty() { vec![self.conversation()] } else { Vec::new() };
        let data = json!({"conversations": conversations, "new": new});
        json!({"type": "ack", "id": id, "data": data}).to_string()
    }

    fn take(&self, id: &Value, data: &Value) -> Option<String> {
        let counts_down = |counter: &AtomicU32| {
            counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        };
        self.state.sends.lock().unwrap().push(data.clone());
        if counts_down(&self.state.fail_sends) {
            let failure = json!({"message": "Internal server error", "connectionId": "a=", "requestId": "b"});
            return Some(failure.to_string());
        }
        if counts_down(&self.state.out_of_date) {
            let error = json!({"code": "out_of_date", "status": 409, "retryable": true});
            return Some(json!({"type": "nack", "id": id, "error": error}).to_string());
        }
        let client_id = data["client_id"].as_str().unwrap();
        let log = self.state.log.lock().unwrap().clone();
        let stored = log.iter().find(|event| event["data"]["client_id"] == client_id).cloned();
        let duplicate = stored.is_some();
        let event = stored.unwrap_or_else(|| {
            let text = self.append("alice", data["content"].as_str().unwrap(), client_id);
            serde_json::from_str(&text).unwrap()
        });
        if counts_down(&self.state.lose_acks) {
            return None;
        }
        let data = json!({"message": event["data"], "duplicate": duplicate});
        Some(json!({"type": "ack", "id": id, "data": data}).to_string())
    }
}

async fn list(State(server): State<Server>) -> Json<Value> {
    Json(json!({"items": [server.conversation()], "next": null, "previous": null}))
}

async fn direct(State(server): State<Server>) -> Json<Value> {
    Json(server.conversation())
}

#[derive(Deserialize)]
struct After {
    after: usize,
}

async fn log(
    State(server): State<Server>,
    Path(id): Path<String>,
    Query(After { after }): Query<After>,
) -> (StatusCode, Json<Value>) {
    if id != here().to_string() {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({"code": "not_found", "status": 404, "retryable": false})),
        );
    }
    let log = server.state.log.lock().unwrap();
    // Short pages, so that there is always more than one.
    let items: Vec<_> = log.iter().skip(after).take(3).collect();
    (StatusCode::OK, Json(json!({"items": items, "head_seq": log.len()})))
}

async fn socket(State(server): State<Server>, upgrade: WebSocketUpgrade) -> Result<Response, StatusCode> {
    server.state.handshakes.fetch_add(1, Ordering::SeqCst);
    if server.state.is_closed.load(Ordering::SeqCst) {
        return Err(StatusCode::BAD_GATEWAY);
    }
    let pushes = server.state.pushes.subscribe();
    Ok(upgrade.on_upgrade(move |socket| serve(server, socket, pushes)))
}

async fn serve(server: Server, mut socket: WebSocket, mut pushes: broadcast::Receiver<Push>) {
    loop {
        let frame = tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => server.answer(&serde_json::from_str(&text).unwrap()),
                Some(Ok(_)) => None,
                _ => return,
            },
            push = pushes.recv() => match push {
                Ok(Push::Frame(frame)) => Some(frame),
                _ => return,
            },
        };
        if let Some(frame) = frame
            && socket.send(Message::text(frame)).await.is_err()
        {
            return;
        }
    }
}
