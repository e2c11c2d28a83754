//! A raw WebSocket: frames out, frames in, sorted into answers and events.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::deadline::within;
use crate::specification::Sockets;

/// A socket that is yet to be opened.
pub struct Handshake(Request);

impl Handshake {
    /// A handshake at this address.
    pub fn new(url: &str) -> Self {
        Self(url.into_client_request().unwrap())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.0.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Opens the socket, or tells the status with which it was refused.
    pub async fn open(self) -> Result<Socket, u16> {
        match within("a handshake", Box::pin(connect_async(self.0))).await {
            Ok((stream, response)) => {
                let subprotocol = response.headers().get("sec-websocket-protocol");
                let subprotocol = subprotocol.map(|name| name.to_str().unwrap().to_owned());
                let (answers, events) = (VecDeque::new(), VecDeque::new());
                let asked = HashMap::new();
                Ok(Socket { stream, subprotocol, answers, events, requests: 0, asked })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// The status with which the handshake has to be refused.
    pub async fn refused(self) -> u16 {
        match self.open().await {
            Ok(_) => panic!("the handshake was not refused"),
            Err(status) => status,
        }
    }
}

/// An open socket.
pub struct Socket {
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    answers: VecDeque<Value>,
    events: VecDeque<Value>,
    requests: u64,
    /// What was asked last under each id, so that an answer is held to what its request may be answered.
    asked: HashMap<Option<String>, String>,
}

/// What comes out of a socket.
enum Received {
    Frame,
    Closed(u16),
}

impl Socket {
    /// Sends a text frame as it is.
    pub async fn send(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.remember(&text);
        self.stream.send(Message::text(text)).await.unwrap();
    }

    fn remember(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(kind) = frame["type"].as_str() {
            self.asked.insert(frame["id"].as_str().map(str::to_owned), kind.to_owned());
        }
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// Sends a text frame whose bytes need not be UTF-8.
    pub async fn send_text_bytes(&mut self, bytes: Vec<u8>) {
        let frame = Frame::message(bytes, OpCode::Data(Data::Text), true);
        self.stream.send(Message::Frame(frame)).await.unwrap();
    }

    /// Sends one text message in frames of at most `size` bytes; the server may have closed before the end.
    pub async fn send_in_frames(&mut self, text: &str, size: usize) {
        let frames: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        for (index, bytes) in frames.iter().enumerate() {
            let code = if index == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(bytes.to_vec(), OpCode::Data(code), index + 1 == frames.len());
            if self.stream.send(Message::Frame(frame)).await.is_err() {
                return;
            }
        }
    }

    /// Sends a request under a new id, which is returned.
    pub async fn ask(&mut self, kind: &str, data: &Value) -> String {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        self.send(json!({"type": kind, "id": id, "data": data}).to_string()).await;
        id
    }

    /// Sends a request and waits for its answer.
    pub async fn request(&mut self, kind: &str, data: &Value) -> Value {
        let id = self.ask(kind, data).await;
        self.answer(Some(&id)).await
    }

    /// Sends a request that has to be done.
    pub async fn acked(&mut self, kind: &str, data: &Value) -> Value {
        let answer = self.request(kind, data).await;
        assert_eq!(answer["type"], "ack", "{answer}");
        answer
    }

    /// Sends a request that has to be refused with this code.
    pub async fn refused(&mut self, kind: &str, data: &Value, code: &str) -> Value {
        let answer = self.request(kind, data).await;
        assert_eq!((&answer["type"], &answer["error"]["code"]), (&"nack".into(), &code.into()), "{answer}");
        answer["error"].clone()
    }

    /// Sends a message and returns it as the ack has it.
    pub async fn says(&mut self, conversation: &str, content: &str) -> Value {
        let data = json!({"conversation_id": conversation, "content": content});
        self.acked("message.send", &data).await["data"]["message"].clone()
    }

    /// Sends a message as a client does that was told to try again: until it is stored.
    pub async fn insists(&mut self, conversation: &str, content: &str) {
        let data =
            json!({"conversation_id": conversation, "content": content, "client_id": content, "after": 1});
        within("a busy conversation", async {
            loop {
                let answer = self.request("message.send", &data).await;
                if answer["type"] == "ack" {
                    return;
                }
                assert_eq!(answer["error"]["retryable"], true, "{answer}");
                let pause = answer["error"]["retry_after_ms"].as_u64().unwrap_or_default();
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        })
        .await;
    }

    /// The answer to the request with this id; of those without an id the oldest.
    pub async fn answer(&mut self, id: Option<&str>) -> Value {
        within("an answer", async {
            loop {
                let found = self.answers.iter().position(|answer| answer["id"].as_str() == id);
                if let Some(answer) = found.and_then(|index| self.answers.remove(index)) {
                    return answer;
                }
                self.receive_open().await;
            }
        })
        .await
    }

    /// The answer to the request with this id, if one comes within a while.
    pub async fn answer_within(&mut self, id: &str, a_while: Duration) -> Option<Value> {
        tokio::time::timeout(a_while, self.answer(Some(id))).await.ok()
    }

    /// Sends a request; none if the socket is closed before the answer comes.
    pub async fn request_unless_closed(&mut self, kind: &str, data: &Value) -> Option<Value> {
        let frame = json!({"type": kind, "id": "u", "data": data}).to_string();
        self.remember(&frame);
        self.stream.send(Message::text(frame)).await.ok()?;
        within("an answer or the end", async {
            loop {
                if let Some(answer) = self.answers.pop_front() {
                    return Some(answer);
                }
                if let Received::Closed(_) = self.receive().await {
                    return None;
                }
            }
        })
        .await
    }

    /// The next event.
    pub async fn event(&mut self) -> Value {
        within("an event", async {
            loop {
                if let Some(event) = self.events.pop_front() {
                    return event;
                }
                self.receive_open().await;
            }
        })
        .await
    }

    /// The next event of this type; those before it are passed over.
    pub async fn event_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The close code with which the server closes; what it sends before is kept.
    pub async fn closed(&mut self) -> u16 {
        within("the server to close", async {
            loop {
                if let Received::Closed(code) = self.receive().await {
                    return code;
                }
            }
        })
        .await
    }

    /// The events that come within a while.
    pub async fn events_within(&mut self, a_while: Duration) -> Vec<Value> {
        let all = async {
            loop {
                self.receive_open().await;
            }
        };
        // That it never ends is the point.
        let _: Result<(), _> = tokio::time::timeout(a_while, all).await;
        self.events.drain(..).collect()
    }

    async fn receive_open(&mut self) {
        if let Received::Closed(code) = self.receive().await {
            panic!("the server closed with {code}");
        }
    }

    async fn receive(&mut self) -> Received {
        let text = match self.stream.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                return Received::Closed(frame.map_or(1005, |frame| frame.code.into()));
            }
            Some(Ok(_)) => return Received::Frame,
            // What a connection that simply ends is called.
            Some(Err(_)) | None => return Received::Closed(1006),
        };
        let frame: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        let id = frame["id"].as_str().map(str::to_owned);
        Sockets::specification().judge(&frame, self.asked.get(&id).map(String::as_str));
        match frame["type"].as_str() {
            Some("batch") => self.events.extend(frame["events"].as_array().unwrap().iter().cloned()),
            // API Gateway's own frames have no type.
            Some("ack" | "nack" | "session.ready" | "pong") | None => self.answers.push_back(frame),
            Some(_) => self.events.push_back(frame),
        }
        Received::Frame
    }
}
