//! `message.send` → `ack` once the message is durable; without an `id`, its own `message.created`.

use async_trait::async_trait;
use parlance_application::messages::send::{Draft, SendMessage, Sent};
use parlance_domain::event::{Event, EventBody, EventEncoder};
use parlance_edge::{
    Refusal,
    socket::{SocketCaller, SocketRoute},
    telemetry::{self, Noted},
};
use parlance_protocol::{
    frame::{self, AppendedAt, ClientFrame},
    json_events::JsonEvents,
    message::{Message, SentMessage},
    request::send_message::SendMessage as Request,
};

/// Sends the messages of sockets.
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
impl SocketRoute for MessageSend {
    fn kind(&self) -> &'static str {
        "message.send"
    }

    fn counts_by_itself(&self) -> bool {
        true
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        let request = Request::parse(&frame.data, caller.scope.conversation())?;
        telemetry::note(Noted::Conversation(request.conversation.to_string().as_str()));
        let draft = Draft {
            conversation: request.conversation,
            sender: caller.user.clone(),
            client_id: request.client_id,
            after: request.after.map(parlance_domain::head::Seq::get),
            body: request.body,
            from: Some(caller.connection.clone()),
            admission: caller.admission.clone(),
        };
        let sent = self.send.execute_as(caller.caller(), draft).await?;
        Ok(render(frame.id.as_deref(), sent))
    }
}

fn render(id: Option<&str>, sent: Sent) -> String {
    let Sent { message, is_duplicate } = sent;
    let place = AppendedAt { conversation: message.id.conversation, seq: message.id.seq };
    if id.is_none() {
        let event = Event {
            conversation: place.conversation,
            seq: place.seq,
            at: message.created_at,
            body: EventBody::MessageCreated(Box::new(message)),
        };
        return String::from_utf8(JsonEvents.event(&event)).unwrap_or_default();
    }
    let answer = SentMessage { message: Message::from(&message), duplicate: is_duplicate };
    frame::ack(id, (!is_duplicate).then_some(place), &answer)
}
