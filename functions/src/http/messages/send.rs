//! `POST /api/messaging/messages` → 201, or 200 for a retry: sends a message, as `message.send` does.

use async_trait::async_trait;
use parlance_application::{
    limits::rates::RateClass,
    messages::send::{Draft, SendMessage, Sent},
};
use parlance_domain::{head::Seq, ids::ClientMessageId};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    message::{Message, SentMessage, SentMessageBody},
    problem::Problem,
    request::send_message,
};

/// Sends the messages of HTTP.
pub struct MessageSend {
    send: SendMessage,
}

impl MessageSend {
    /// Sends by this use case.
    pub const fn new(send: SendMessage) -> Self {
        Self { send }
    }
}

#[async_trait]
impl HttpRoute for MessageSend {
    fn key(&self) -> &'static str {
        "POST /api/messaging/messages"
    }

    fn rate_class(&self) -> RateClass {
        RateClass::Sends
    }

    /// The key is the message's `client_id`, by which its own entry is found.
    fn replays(&self) -> bool {
        false
    }

    fn counts_by_itself(&self) -> bool {
        true
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let message = send_message::SendMessage::parse(&request.parts.json()?, None)?;
        telemetry::note(Noted::Conversation(message.conversation.to_string().as_str()));
        let client_id = match message.client_id {
            Some(client_id) => Some(client_id),
            None => idempotency_key(&request)?,
        };
        let draft = Draft {
            conversation: message.conversation,
            sender: request.caller.user.clone(),
            client_id,
            after: message.after.map(Seq::get),
            body: message.body,
            from: None,
            admission: request.admission,
        };
        let Sent { message, is_duplicate } = self.send.execute_as(request.caller.caller(), draft).await?;
        let message = Message::from(&message);
        let location = format!("/api/messaging/messages/{}/", message.id);
        let body = SentMessageBody::from(SentMessage { message, duplicate: is_duplicate });
        if is_duplicate { Reply::ok(&body) } else { Ok(Reply::created(&body)?.at(location)) }
    }
}

/// The header does for messages what `client_id` does, which wins.
fn idempotency_key(request: &Request) -> Result<Option<ClientMessageId>, Problem> {
    let parse = |key: &str| {
        ClientMessageId::parse(key)
            .map_err(|invalid| Problem::invalid("/Idempotency-Key", format!("must be {invalid}")))
    };
    request.parts.header("idempotency-key").map(parse).transpose()
}
