//! The routes of one function: frames are read, the sender's token is looked at, a handler is asked, and whatever happens becomes a frame.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::{
    delivery::broadcaster::Closer,
    limits::{limiter::RateLimiter, rates::RateClass},
    ports::{delivery::ConnectionPoster, environment::Clock},
};
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
    limits::class_of_frame,
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

    /// Against which of the sender's allowances a frame counts.
    fn rate_class(&self) -> RateClass {
        class_of_frame(self.kind())
    }

    /// Whether the use case counts the frame in a round trip that it makes anyway; otherwise that is done before the handler is asked.
    fn counts_by_itself(&self) -> bool {
        false
    }

    /// Answers one frame with another one.
    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal>;
}

/// What is done with the frames of one type that only a refusal answers.
#[async_trait]
pub trait SilentRoute: Send + Sync {
    /// The type of the frames.
    fn kind(&self) -> &'static str;

    /// Whether sockets of this scope may send them.
    fn is_for(&self, scope: SocketScope) -> bool;

    /// Does what one frame asks.
    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<(), Refusal>;

    /// Whether the use case counts the frame in a round trip that it makes anyway.
    fn counts_by_itself(&self) -> bool {
        false
    }
}

/// What stands before every route of a socket.
#[derive(Clone)]
pub struct SocketDoor {
    /// Turns out those whose token expires on an open socket, and those who do not slow down.
    pub closer: Closer,
    /// How fast senders may be.
    pub limiter: RateLimiter,
    /// Whether their tokens are still good.
    pub clock: Arc<dyn Clock>,
}

/// The routes that a function serves.
pub struct SocketRoutes {
    door: SocketDoor,
    routes: Vec<Arc<dyn SocketRoute>>,
    /// Posts refusals where the invocation's own response becomes no frame.
    poster: Option<Arc<dyn ConnectionPoster>>,
}

impl SocketRoutes {
    /// No routes yet.
    pub fn behind(door: SocketDoor) -> Self {
        Self { door, routes: Vec::new(), poster: None }
    }

    /// No routes yet, and none that has a route response: what is refused is told by a post.
    pub fn one_way(door: SocketDoor, poster: Arc<dyn ConnectionPoster>) -> Self {
        Self { poster: Some(poster), ..Self::behind(door) }
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: impl SocketRoute + 'static) -> Self {
        self.routes.push(Arc::new(route));
        self
    }

    /// Adds a route whose frames only a refusal answers.
    #[must_use]
    pub fn silent(self, route: impl SilentRoute + 'static) -> Self {
        self.route(Silent(route))
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
        if self.door.clock.now() >= caller.expires_at {
            return Err(expired().into());
        }
        let route =
            read.as_ref().ok().and_then(|frame| self.routes.iter().find(|route| route.kind() == frame.kind));
        let class = route.map_or(RateClass::Reads, |route| route.rate_class());
        let admission = self.door.limiter.admission(&caller.user, class);
        if !route.is_some_and(|route| route.counts_by_itself()) {
            admission.pass().await?;
        }
        let frame = read.map_err(|malformed| malformed.problem)?;
        let Some(route) = route else {
            telemetry::note(Noted::Code(ErrorCode::UnknownType.as_str()));
            return Ok(frame::unknown_type(&frame));
        };
        telemetry::note(Noted::Route(route.kind()));
        let caller = SocketCaller { admission: admission.clone(), ..caller.clone() };
        let answer = if route.is_for(caller.scope) {
            route.handle(&caller, frame).await
        } else {
            Err(elsewhere().into())
        };
        // A handler that counts by itself may have given up before that.
        admission.pass().await?;
        answer
    }

    /// The nack; somebody who is turned out gets it by a post, since his socket is closed before this returns.
    async fn refuse(&self, caller: &SocketCaller, id: Option<&str>, refusal: &Refusal) -> Option<String> {
        refusal.record();
        let nack = frame::nack(id, &refusal.problem);
        let closing = match refusal.problem.code {
            ErrorCode::TokenExpired => Closing::TokenExpired,
            ErrorCode::RateLimited if self.door.limiter.is_abused(&caller.connection).await => {
                Closing::RateLimited
            }
            _ => return Some(nack),
        };
        let closed =
            self.door.closer.close(&caller.user, &caller.connection, closing, Some(nack.as_bytes())).await;
        if let Err(error) = closed {
            telemetry::note(Noted::Error(telemetry::causes(&error).as_str()));
        }
        None
    }
}

/// A silent route among the others: its answer is empty.
struct Silent<R>(R);

#[async_trait]
impl<R: SilentRoute> SocketRoute for Silent<R> {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn is_for(&self, scope: SocketScope) -> bool {
        self.0.is_for(scope)
    }

    fn counts_by_itself(&self) -> bool {
        self.0.counts_by_itself()
    }

    async fn handle(&self, caller: &SocketCaller, frame: ClientFrame) -> Result<String, Refusal> {
        self.0.handle(caller, frame).await.map(|()| String::new())
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
        let mut body = self.answer(&caller, &event).await.filter(|body| !body.is_empty());
        if let Some(poster) = &self.poster
            && let Some(refusal) = body.take()
        {
            poster.post(&caller.connection, refusal.as_bytes()).await;
        }
        Ok(SocketAnswer { status_code: 200, headers: None, body })
    }
}
