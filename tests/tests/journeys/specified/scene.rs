//! A conversation, and everybody who may or may not do something in it.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

/// Whoever asks: the columns of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// Nobody in particular: no token.
    NoToken,
    /// A token that nobody signed.
    BadToken,
    /// Somebody who never was in the conversation.
    Stranger,
    /// Somebody who was removed from it.
    Removed,
    /// A member whom the owner has blocked.
    Blocked,
    /// A member who was deactivated since.
    Deactivated,
    /// A guest.
    Guest,
    /// A member.
    Member,
    /// An admin of the conversation.
    Admin,
    /// Its owner.
    Owner,
    /// A trusted back end, which is in no conversation.
    Service,
    /// An administrator of the whole, who is in no conversation.
    Administrator,
}

impl Caller {
    /// Every column, in the order of the matrix.
    pub const ALL: [Self; 12] = [
        Self::NoToken,
        Self::BadToken,
        Self::Stranger,
        Self::Removed,
        Self::Blocked,
        Self::Deactivated,
        Self::Guest,
        Self::Member,
        Self::Admin,
        Self::Owner,
        Self::Service,
        Self::Administrator,
    ];

    /// Whether he is in the conversation from the start.
    const fn is_there_from_the_start(self) -> bool {
        matches!(self, Self::Removed | Self::Blocked | Self::Deactivated | Self::Member)
    }
}

/// A conversation with a message of a member in it, and one caller to whom everything was done that makes him what he is.
pub struct Scene {
    /// Who asks.
    pub caller: Person,
    /// Who made the conversation.
    pub owner: Person,
    /// Somebody in the conversation whom nobody asks.
    pub other: Person,
    /// The conversation, which carries a reference.
    pub conversation: String,
    /// The reference's id; its type is `order`.
    pub reference: String,
    /// A message of `other`.
    pub message: String,
    /// A message of the caller's own; of `other`, where he can send none.
    pub own: String,
    /// A file that the caller has uploaded, of which he may do everything that may be done.
    pub file: String,
    /// A file that the caller uploads in parts.
    pub large_file: String,
    /// A webhook of the caller's, if he is a trusted back end; otherwise there is none of that id.
    pub webhook: String,
}

impl Scene {
    /// Sets it for this caller.
    pub async fn of(cloud: &Cloud, kind: Caller) -> Self {
        let [owner, other, asker] = cloud.people(["owner", "other", "asker"]);
        let reference = owner.id.clone();
        let mut participants = vec![&other.id];
        participants.extend(kind.is_there_from_the_start().then_some(&asker.id));
        let reference_to = json!({"type": "order", "id": reference});
        let body = json!({"title": "Matrix", "participant_ids": participants, "ref": reference_to});
        let created = owner.post("conversations/", &body).await.with(201);
        let conversation = created["id"].as_str().unwrap().to_owned();
        let message = other.says(&conversation, "first").await["id"].as_str().unwrap().to_owned();
        let webhook = format!("w_{}", "0".repeat(26));
        let own = message.clone();
        let uploader = if kind == Caller::Owner { &owner } else { &asker };
        let (file, large_file) =
            (uploader.uploads("a.txt", b"hello").await, announce_large_file(uploader).await);
        let mut scene = Self {
            caller: asker,
            owner,
            other,
            conversation,
            reference,
            message,
            own,
            file,
            large_file,
            webhook,
        };
        if kind.is_there_from_the_start() {
            scene.says_something().await;
        }
        scene.become_one(kind).await;
        if matches!(kind, Caller::Guest | Caller::Admin | Caller::Owner) {
            scene.says_something().await;
        }
        scene
    }

    async fn become_one(&mut self, kind: Caller) {
        match kind {
            Caller::NoToken => self.caller = self.caller.showing(""),
            Caller::BadToken => self.caller = self.caller.showing("not.a.token"),
            Caller::Stranger | Caller::Member => {}
            Caller::Removed => {
                self.done("remove_participant/", &json!({"user_id": self.caller.id})).await;
            }
            Caller::Blocked => {
                let blocked = self.owner.post("blocks/", &json!({"user_id": self.caller.id})).await;
                assert!(blocked.status < 300, "{}", blocked.text);
            }
            Caller::Deactivated => deactivate(&self.owner, &self.caller).await,
            Caller::Guest => self.join("guest").await,
            Caller::Admin => self.join("admin").await,
            Caller::Owner => self.caller = self.owner.clone(),
            Caller::Service => self.serve().await,
            Caller::Administrator => self.caller = self.caller.scoped("messaging:admin"),
        }
    }

    /// Makes the caller a trusted back end, with a webhook of its own.
    pub async fn serve(&mut self) {
        self.caller = self.caller.as_service();
        let body = json!({"url": "https://example.org/", "events": ["message.created"]});
        let made = self.caller.post("webhooks/", &body).await.with(201);
        made["id"].as_str().unwrap().clone_into(&mut self.webhook);
    }

    async fn says_something(&mut self) {
        let message = self.caller.says(&self.conversation, "mine").await;
        message["id"].as_str().unwrap().clone_into(&mut self.own);
    }

    async fn join(&self, role: &str) {
        self.done("add_participant/", &json!({"user_id": self.caller.id, "role": role})).await;
    }

    async fn done(&self, below: &str, body: &Value) {
        let path = format!("conversations/{}/{below}", self.conversation);
        let answer = self.owner.post(&path, body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
    }
}

/// Begins the upload of a file that comes in parts.
async fn announce_large_file(uploader: &Person) -> String {
    let body = json!({
        "filename": "a.mp4", "content_type": "video/mp4", "size": 200_000_000, "sha256": "ab".repeat(32),
    });
    let begun = uploader.post("attachments/", &body).await.with(201);
    begun["id"].as_str().unwrap().to_owned()
}

/// Deactivates a user, as a trusted back end does.
async fn deactivate(anybody: &Person, user: &Person) {
    let body = json!({"deactivated": true});
    anybody.as_service().ask(Method::PUT, &format!("users/{}/", user.id), &body).await.with(200);
}
