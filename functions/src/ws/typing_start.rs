//! `typing.start` → nothing: who types, and the others are told if what they were told does not hold.

use async_trait::async_trait;
use parlance_application::typing::{room::Typist, start::StartTyping};
use parlance_domain::connection::SocketScope;
use parlance_edge::{
    Refusal,
    socket::{SilentRoute, SocketCaller},
    telemetry::{self, Noted},
};
use parlance_protocol::{frame::ClientFrame, request::typing::Typing};

/// Takes the word of sockets that somebody types.
pub struct TypingStart {
    start: StartTyping,
}

impl TypingStart {
    /// Takes it by this use case.
    pub const fn new(start: StartTyping) -> Self {
        Self { start }
    }
}

#[async_trait]
impl SilentRoute for TypingStart {
    fn kind(&self) -> &'static str {
        "typing.start"
    }

    fn is_for(&self, scope: SocketScope) -> bool {
        !matches!(scope, SocketScope::Presence)
    }

    fn counts_by_itself(&self) -> bool {
        true
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<(), Refusal> {
        let Typing { conversation } = Typing::parse(&frame.data, caller.scope.conversation())?;
        telemetry::note(Noted::Conversation(conversation.to_string().as_str()));
        let (user, from) = (caller.user.clone(), caller.connection.clone());
        let admission = caller.admission.clone();
        Ok(self.start.execute(Typist { conversation, user, from, admission }).await?)
    }
}
