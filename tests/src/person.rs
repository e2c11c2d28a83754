//! Somebody who uses the system: a user id, a token, and the requests that he makes.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::cloud::Cloud;
use crate::credentials;
use crate::deadline::within;
use crate::socket::{Handshake, Socket};

/// One user.
#[derive(Clone)]
pub struct Person {
    /// The `sub` of his token.
    pub id: String,
    /// What he shows.
    pub token: String,
    origin: String,
    client: Client,
}

impl Person {
    /// Somebody with this id and a good token.
    pub fn new(origin: &str, id: &str) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { id: id.to_owned(), token: credentials::token(id), origin: origin.to_owned(), client }
    }

    /// The same one, showing another token.
    #[must_use]
    pub fn showing(&self, token: impl Into<String>) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    /// The same one as a trusted back end.
    #[must_use]
    pub fn as_service(&self) -> Self {
        self.scoped("messaging:service")
    }

    /// The same one with these scopes in his token.
    #[must_use]
    pub fn scoped(&self, scope: &str) -> Self {
        self.showing(credentials::signed(&credentials::claims_with(&self.id, &json!({"scope": scope}))))
    }

    /// The same one, after the local cloud came up at another address.
    #[must_use]
    pub fn at(&self, cloud: &Cloud) -> Self {
        Self { origin: cloud.origin.clone(), ..self.clone() }
    }

    /// A request under `/api/messaging/`, with his token; a path with a leading slash is taken as it is.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    /// The same without a token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        let prefix = if path.starts_with('/') { "" } else { "/api/messaging/" };
        self.client.request(method, format!("{}{prefix}{path}", self.origin))
    }

    /// Asks.
    pub async fn get(&self, path: &str) -> Answer {
        within(path, Answer::to(self.request(Method::GET, path))).await
    }

    /// Asks for something to be done.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        within(path, Answer::to(self.request(Method::POST, path).json(body))).await
    }

    /// Asks in any way.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        within(path, Answer::to(self.request(method, path).json(body))).await
    }

    /// Posts bytes that need not be JSON.
    pub async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        within(path, Answer::to(request.body(body.into()))).await
    }

    /// The id of his direct conversation with somebody.
    pub async fn direct_with(&self, other: &Self) -> String {
        let answer = self.post("conversations/direct/", &json!({"user_id": other.id})).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        id_of(&answer.json())
    }

    /// The id of a new conversation with these others in it.
    pub async fn group_with<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> String {
        let others: Vec<&str> = others.into_iter().map(|other| other.id.as_str()).collect();
        let body = json!({"title": "Journey", "participant_ids": others});
        id_of(&self.post("conversations/", &body).await.with(201))
    }

    /// Sends a message over HTTP and returns it.
    pub async fn says(&self, conversation: &str, content: &str) -> Value {
        let body = json!({"conversation_id": conversation, "content": content});
        self.post("messages/", &body).await.with(201)["message"].clone()
    }

    /// Uploads a small file in a form, as a browser without JavaScript does, and returns its id.
    pub async fn uploads(&self, name: &str, bytes: &[u8]) -> String {
        let answer = self.posts_form("attachments/", &[file_part(name, "text/plain", bytes)]).await;
        id_of(&answer.with(201))
    }

    /// Posts a form of these parts.
    pub async fn posts_form(&self, path: &str, parts: &[Vec<u8>]) -> Answer {
        let (boundary, body) = form(parts);
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        within(path, Answer::to(request.body(body))).await
    }

    /// Adds somebody to a conversation and returns it.
    pub async fn adds(&self, conversation: &str, who: &Self, role: &str) -> Value {
        let body = json!({"user_id": who.id, "role": role});
        self.post(&format!("conversations/{conversation}/add_participant/"), &body).await.with(200)
    }

    /// Removes somebody from a conversation and returns it.
    pub async fn removes(&self, conversation: &str, who: &Self) -> Value {
        let body = json!({"user_id": who.id});
        self.post(&format!("conversations/{conversation}/remove_participant/"), &body).await.with(200)
    }

    /// Gives somebody a role and returns him as a participant.
    pub async fn gives_role(&self, conversation: &str, who: &Self, role: &str) -> Value {
        let path = format!("conversations/{conversation}/participants/{}/", who.id);
        self.ask(Method::PATCH, &path, &json!({"role": role})).await.with(200)
    }

    /// The whole log of a conversation, page by page.
    pub async fn log(&self, conversation: &str) -> Vec<Value> {
        let mut entries: Vec<Value> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |entry| entry["seq"].as_u64().unwrap());
            let path = format!("conversations/{conversation}/log/?after={after}&limit=200");
            let page = self.get(&path).await.with(200);
            entries.extend(page["items"].as_array().unwrap().iter().cloned());
            let last = entries.last().map_or(0, |entry| entry["seq"].as_u64().unwrap());
            if last >= page["head_seq"].as_u64().unwrap() {
                return entries;
            }
        }
    }

    /// The contents of all messages of a conversation, in order.
    pub async fn contents(&self, conversation: &str) -> Vec<String> {
        let log = self.log(conversation).await;
        let messages = log.iter().filter(|entry| entry["type"] == "message.created");
        messages.map(|entry| entry["data"]["content"].as_str().unwrap().to_owned()).collect()
    }

    /// A handshake for this path, without credentials.
    pub fn handshake(&self, path: &str) -> Handshake {
        Handshake::new(&format!("{}{path}", self.origin.replacen("http", "ws", 1)))
    }

    /// Opens the socket that gets every event of every conversation of his.
    pub async fn connect(&self) -> Socket {
        self.connect_to("/ws/messaging/").await
    }

    /// Opens a socket at this path, with his token in the query.
    pub async fn connect_to(&self, path: &str) -> Socket {
        let opened = self.handshake(&format!("{path}?token={}", self.token)).open().await;
        opened.unwrap_or_else(|status| panic!("{path} was refused with {status}"))
    }
}

/// A file as a part of a form.
pub fn file_part(name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes].concat()
}

/// A text as a part of a form.
pub fn text_part(name: &str, value: &str) -> Vec<u8> {
    format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}").into_bytes()
}

/// A form of these parts, with a boundary of its own each time, as browsers have it.
pub fn form(parts: &[Vec<u8>]) -> (String, Vec<u8>) {
    let boundary = format!("----parlance{:032x}", rand::random::<u128>());
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (boundary, body)
}

fn id_of(conversation: &Value) -> String {
    conversation["id"].as_str().unwrap().to_owned()
}
