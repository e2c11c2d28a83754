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
    /// The parameters that must be there.
    pub query: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Option<Value>,
}

impl Call {
    /// The good one of an operation in a scene.
    pub fn of(operation: &Operation, scene: &Scene) -> Self {
        Self {
            method: Method::from_bytes(operation.method.as_bytes()).unwrap(),
            path: path(operation, scene),
            query: query(operation.name, scene),
            body: operation.body.as_ref().map(|_| body(operation.name, scene)),
        }
    }

    /// The same with another body.
    pub fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The same with a parameter as it is given here.
    pub fn with_parameter(mut self, name: &str, text: &str) -> Self {
        self.query.retain(|(given, _)| given != name);
        self.query.push((name.to_owned(), text.to_owned()));
        self
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
        Answer::to(request.query(&self.query)).await
    }
}

/// What each placeholder stands for in the scene.
fn path(operation: &Operation, scene: &Scene) -> String {
    let mut path = operation.path.to_owned();
    for (before, name) in operation.placeholders() {
        let value = match (before, name) {
            ("conversations", "id") => &scene.conversation,
            ("messages", "id") if operation.name == "editMessage" => &scene.own,
            ("messages", "id") => &scene.message,
            ("participants" | "users" | "blocks", _) => &scene.other.id,
            ("webhooks", "id") => &scene.webhook,
            ("attachments", "id") if operation.path.ends_with("/parts/") => &scene.large_file,
            ("attachments", "id") => &scene.file,
            ("ref", "type") => "order",
            ("{type}", "id") => &scene.reference,
            (before, name) => panic!("what is {{{name}}} after {before}?"),
        };
        path = path.replacen(&format!("{{{name}}}"), value, 1);
    }
    path
}

/// The parameters without which an operation is refused.
fn query(operation: &str, scene: &Scene) -> Vec<(String, String)> {
    match operation {
        "readPresence" => vec![("ids".to_owned(), scene.other.id.clone())],
        _ => Vec::new(),
    }
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
        "beginUpload" => json!({
            "filename": "a.png", "content_type": "image/png", "size": 5, "sha256": "ab".repeat(32),
        }),
        "signParts" => json!({"parts": [{"part_number": 1, "sha256": "ab".repeat(32)}]}),
        "createWebhook" => json!({
            "url": "https://example.org/hook", "events": ["message.created"], "secret": format!("whsec_{}", "A".repeat(32)),
        }),
        "changeWebhook" => json!({
            "url": "https://example.org/hook", "events": ["message.created"], "enabled": false,
            "secret": format!("whsec_{}", "B".repeat(32)), "rotate_secret": false,
        }),
        "sync" => json!({"conversations": {scene.conversation.as_str(): 0}}),
        "editMessage" => json!({"content": "better", "if_version": 1}),
        "markAsRead" => json!({"conversation_id": scene.conversation, "message_ids": [scene.message]}),
        "changeConversation" | "retitleConversation" => json!({"title": "Another"}),
        "openTaskConversation" => json!({
            "task_id": format!("{}-{}", scene.reference, scene.caller.id), "title": "Task",
            "participant_ids": [scene.other.id],
        }),
        "addParticipant" => json!({"user_id": format!("{}-newcomer", scene.owner.id), "role": "member"}),
        "removeParticipant" | "blockUser" => json!({"user_id": scene.other.id}),
        "changeParticipant" => json!({"role": "guest"}),
        "changeMe" => json!({"name": "Me", "picture": "https://example.org/me.png", "locale": "de"}),
        "changeUser" => {
            json!({"name": "He", "picture": "https://example.org/he.png", "locale": "pt-BR", "deactivated": false})
        }
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
        "message.edit" => json!({"message_id": scene.own, "content": "better", "if_version": 1}),
        "message.delete" => json!({"message_id": scene.message}),
        "message.read" => json!({"conversation_id": scene.conversation, "message_ids": [scene.message]}),
        "typing.start" | "typing.stop" => json!({"conversation_id": scene.conversation}),
        "presence.set" => json!({"status": "busy", "text": "Writing"}),
        "presence.watch" => json!({"user_ids": [scene.other.id]}),
        other => panic!("there is no data for {other} here"),
    }
}

impl Scene {
    /// Somebody else to talk with: the owner, or somebody else for the owner himself.
    fn owner_or_other(&self) -> &str {
        if self.caller.id == self.owner.id { &self.other.id } else { &self.owner.id }
    }
}
