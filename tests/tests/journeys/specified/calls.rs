//! One good request per operation and per frame: what a caller who may would send.

use parlance_protocol::spec::{frames::ClientFrameSpec, operation::Operation};
use parlance_tests::answer::Answer;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

/// A request of an operation.
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, placeholders filled in.
    pub path: String,
    /// The body, where there is one.
    pub body: Option<Value>,
}

impl Call {
    /// The good one of an operation in a scene.
    pub fn of(operation: &Operation, scene: &Scene) -> Self {
        Self {
            method: Method::from_bytes(operation.method.as_bytes()).unwrap(),
            path: path(operation, scene),
            body: operation.body.as_ref().map(|_| body(operation.name, scene)),
        }
    }

    /// The same with another body.
    pub fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Sends it.
    pub async fn by(&self, person: &Person) -> Answer {
        let request = match person.token.as_str() {
            "" => person.anonymous(self.method.clone(), &self.path),
            _ => person.request(self.method.clone(), &self.path),
        };
        let request = match &self.body {
            Some(body) => request.json(body),
            None => request,
        };
        Answer::to(request).await
    }
}

/// What each placeholder stands for in the scene.
fn path(operation: &Operation, scene: &Scene) -> String {
    let mut path = operation.path.to_owned();
    for (before, name) in operation.placeholders() {
        let value = match (before, name) {
            ("conversations", "id") => &scene.conversation,
            ("messages", "id") => &scene.message,
            ("participants" | "users" | "blocks", _) => &scene.other.id,
            ("webhooks", "id") => &scene.webhook,
            ("ref", "type") => "order",
            ("{type}", "id") => &scene.reference,
            (before, name) => panic!("what is {{{name}}} after {before}?"),
        };
        path = path.replacen(&format!("{{{name}}}"), value, 1);
    }
    path
}

/// A good body, with as many of its fields as go together. An operation without one here fails the tests.
fn body(operation: &str, scene: &Scene) -> Value {
    match operation {
        "createConversation" => json!({
            "title": "New", "participant_ids": [scene.other.id], "kind": "group", "history": "all",
            "ref": {"type": "invoice", "id": scene.reference},
        }),
        "openDirectConversation" => json!({"user_id": scene.owner_or_other()}),
        "sendMessage" => message(scene),
        "createWebhook" => json!({
            "url": "https://example.org/hook", "events": ["message.created"], "secret": format!("whsec_{}", "A".repeat(32)),
        }),
        "changeWebhook" => json!({
            "url": "https://example.org/hook", "events": ["message.created"], "enabled": false,
            "secret": format!("whsec_{}", "B".repeat(32)), "rotate_secret": false,
        }),
        "sync" => json!({"conversations": {scene.conversation.as_str(): 0}}),
        other => panic!("{other} takes a body, and there is none for it here"),
    }
}

fn message(scene: &Scene) -> Value {
    json!({
        "conversation_id": scene.conversation, "client_id": "k1", "after": 1, "content": "hi",
        "attachments": [], "reply_to": scene.message, "thread_id": scene.message, "mentions": [scene.other.id],
        "kind": "text", "metadata": {"a": 1},
    })
}

/// Good data of a frame. A frame without any here fails the tests.
pub fn data(frame: &ClientFrameSpec, scene: &Scene) -> Value {
    match frame.kind {
        "session.start" | "ping" => json!({}),
        "message.send" => message(scene),
        "sync" => json!({"conversations": {scene.conversation.as_str(): 0}}),
        other => panic!("there is no data for {other} here"),
    }
}

impl Scene {
    /// Somebody else to talk with: the owner, or somebody else for the owner himself.
    fn owner_or_other(&self) -> &str {
        if self.caller.id == self.owner.id { &self.other.id } else { &self.owner.id }
    }
}
