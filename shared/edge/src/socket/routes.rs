//! The routes of one function: frames are read, the sender's token is looked at, a handler is asked, and whatever happens becomes a frame.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::{connections::evict::EvictConnection, ports::environment::Clock};
use parlance_domain::{connection::SocketScope, event::Closing};
use parlance_protocol::{
    error_code::ErrorCode,
    frame::{self, ClientFrame, MalformedFrame},
    problem::Problem,
};

use super::{
    caller::SocketCaller,
    event::{SocketAnswer, SocketEvent},
};
use crate::{
    refusal::Refusal,
    run::Function,
    telemetry::{self, Noted},
};

/// The largest message that is read: API Gateway lets pass up to 128 KB, in frames of up to 32 KB each.
const MAX_INBOUND_BYTES: usize = 32 * 1024;

/// What is done with the frames of one type.
#[async_trait]
pub trait SocketRoute: Send + Sync {
    /// The type of the frames.
    fn kind(&self) -> &'static str;

    /// Whether sockets of this scope may send them. Sockets for typing or presence alone take little else.
    fn is_for(&self, scope: SocketScope) -> bool {
        matches!(scope, SocketScope::Messaging | SocketScope::Conversation(_))
    }

    /// Answers one frame with another one.
    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal>;
}

/// The routes that a function serves.
pub struct SocketRoutes {
    evict: EvictConnection,
    clock: Arc<dyn Clock>,
    routes: Vec<Arc<dyn SocketRoute>>,
}

impl SocketRoutes {
    /// No routes yet. `evict` turns out those whose token expires on an open socket.
    pub fn new(evict: EvictConnection, clock: Arc<dyn Clock>) -> Self {
        Self { evict, clock, routes: Vec::new() }
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: impl SocketRoute + 'static) -> Self {
        self.routes.push(Arc::new(route));
        self
    }

    async fn answer(&self, caller: &SocketCaller, event: &SocketEvent) -> Option<String> {
        let read = read(event);
        let id = match &read {
            Ok(frame) => frame.id.clone(),
            Err(malformed) => malformed.id.clone(),
        };
        let handled = AssertUnwindSafe(self.handle(caller, read)).catch_unwind().await;
        match handled.unwrap_or_else(|_| Err(Refusal::internal())) {
            Ok(answer) => Some(answer),
            Err(refusal) => self.refuse(caller, id.as_deref(), &refusal).await,
        }
    }

    async fn handle(
        &self,
        caller: &SocketCaller,
        read: Result<ClientFrame, MalformedFrame>,
    ) -> Result<String, Refusal> {
        if self.clock.now() >= caller.expires_at {
            return Err(expired().into());
        }
        let frame = read.map_err(|malformed| malformed.problem)?;
        let Some(route) = self.routes.iter().find(|route| route.kind() == frame.kind) else {
            telemetry::note(Noted::Code(ErrorCode::UnknownType.as_str()));
            return Ok(frame::unknown_type(&frame));
        };
        telemetry::note(Noted::Route(route.kind()));
        if !route.is_for(caller.scope) {
            return Err(elsewhere().into());
        }
        route.handle(caller, frame).await
    }

    /// The nack; somebody whose token has expired gets it by a post, since his socket is closed before this returns.
    async fn refuse(&self, caller: &SocketCaller, id: Option<&str>, refusal: &Refusal) -> Option<String> {
        refusal.record();
        let nack = frame::nack(id, &refusal.problem);
        if refusal.problem.code != ErrorCode::TokenExpired {
            return Some(nack);
        }
        let evicted = self
            .evict
            .execute(&caller.user, &caller.connection, Closing::TokenExpired, Some(nack.as_bytes()))
            .await;
        if let Err(error) = evicted {
            telemetry::note(Noted::Error(telemetry::causes(&error).as_str()));
        }
        None
    }
}

fn read(event: &SocketEvent) -> Result<ClientFrame, MalformedFrame> {
    if event.is_base64_encoded {
        return Err(MalformedFrame { id: None, problem: Problem::malformed("frames are text") });
    }
    let text = event.body.as_deref().unwrap_or_default();
    let frame = ClientFrame::parse(text)?;
    if text.len() > MAX_INBOUND_BYTES {
        let problem = Problem::new(ErrorCode::TooLarge, "a message has at most 32 KB");
        return Err(MalformedFrame { id: frame.id, problem });
    }
    Ok(frame)
}

fn expired() -> Problem {
    Problem::new(ErrorCode::TokenExpired, "the token that opened this socket has expired")
}

fn elsewhere() -> Problem {
    Problem::new(ErrorCode::Forbidden, "this socket was opened for something else")
}

#[async_trait]
impl Function for SocketRoutes {
    type Event = SocketEvent;
    type Answer = SocketAnswer;

    async fn call(&self, event: SocketEvent) -> Result<SocketAnswer, lambda_runtime::Error> {
        telemetry::note(Noted::Connection(event.request_context.connection_id.as_str()));
        let Some(caller) = SocketCaller::of(&event.request_context) else {
            return Err("no authorizer of ours stands before this route".into());
        };
        telemetry::note(Noted::User(caller.user.as_str()));
        let body = self.answer(&caller, &event).await;
        Ok(SocketAnswer { status_code: 200, headers: None, body })
    }
}
