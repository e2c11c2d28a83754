//! The routes of one function: who calls is found out first, then the handler is asked, and whatever happens becomes an answer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::limits::rates::RateClass;
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use super::{
    answer::{self, NO_TOKEN, Reply},
    callers::Callers,
    event::{HttpAnswer, HttpEvent},
    replay::{Keyed, Replay},
    request::{Request, RequestParts},
};
use crate::{
    limits::class_of_method,
    refusal::Refusal,
    run::Function,
    telemetry::{self, Noted},
};

/// A route for callers with a token.
#[async_trait]
pub trait HttpRoute: Send + Sync {
    /// Method and path as the template has them: `GET /api/messaging/messages/{id}`.
    fn key(&self) -> &'static str;

    /// Against which of the caller's allowances a request counts.
    fn rate_class(&self) -> RateClass {
        class_of_method(self.key())
    }

    /// Whether the use case counts the request in a round trip that it makes anyway; otherwise that is done before the handler is asked.
    fn counts_by_itself(&self) -> bool {
        false
    }

    /// Whether a request that comes again with the same `Idempotency-Key` gets its first answer, which is kept for that.
    fn replays(&self) -> bool {
        self.key().starts_with("POST ")
    }

    /// Answers one request.
    async fn handle(&self, request: Request) -> Result<Reply, Refusal>;
}

/// A route for everybody.
#[async_trait]
pub trait PublicRoute: Send + Sync {
    /// Method and path as the template has them.
    fn key(&self) -> &'static str;

    /// Answers one request.
    async fn handle(&self, request: RequestParts) -> Result<Reply, Refusal>;
}

/// The routes that a function serves.
#[derive(Default)]
pub struct HttpRoutes {
    callers: Option<Callers>,
    routes: Vec<Arc<dyn HttpRoute>>,
    public: Vec<Arc<dyn PublicRoute>>,
}

impl HttpRoutes {
    /// Routes for callers who are known, and who are not too fast.
    pub fn for_callers(callers: Callers) -> Self {
        Self { callers: Some(callers), ..Self::default() }
    }

    /// Adds a route for callers with a token.
    #[must_use]
    pub fn route(mut self, route: impl HttpRoute + 'static) -> Self {
        self.routes.push(Arc::new(route));
        self
    }

    /// Adds a route for everybody.
    #[must_use]
    pub fn public(mut self, route: impl PublicRoute + 'static) -> Self {
        self.public.push(Arc::new(route));
        self
    }

    async fn answer(&self, key: &str, parts: RequestParts) -> Result<HttpAnswer, Refusal> {
        // What the answer depends on besides the reply is kept, since the handler consumes the request.
        let conditions = parts.conditions();
        if let Some(route) = self.public.iter().find(|route| route.key() == key) {
            return Ok(route.handle(parts).await?.into_answer(&conditions));
        }
        let route = self.routes.iter().find(|route| route.key() == key).ok_or_else(Problem::not_found)?;
        let callers =
            self.callers.as_ref().ok_or_else(|| Problem::new(ErrorCode::Unauthenticated, NO_TOKEN))?;
        let caller = callers.caller(&parts).await?;
        telemetry::note(Noted::User(caller.user.as_str()));
        let admission = callers.limiter.admission(&caller.user, route.rate_class());
        let request = Request { caller, parts, admission: admission.clone() };
        let answer = match admitted(&**route, request, &callers.replay).await {
            Ok(reply) => reply.into_answer(&conditions),
            Err(refusal) => refused(&refusal),
        };
        Ok(answer::with_limits(answer, &admission))
    }
}

/// Asks the handler, and sees to it that the request is counted, if not by the use case: a handler may have given up before that.
async fn admitted(route: &dyn HttpRoute, request: Request, replay: &Replay) -> Result<Reply, Refusal> {
    let admission = request.admission.clone();
    if !route.counts_by_itself() {
        admission.pass().await?;
    }
    let answer = done_once(route, request, replay).await;
    admission.pass().await?;
    answer
}

/// Asks the handler, unless it was asked and has answered before.
async fn done_once(route: &dyn HttpRoute, request: Request, replay: &Replay) -> Result<Reply, Refusal> {
    let keyed = if route.replays() { replay.begin(route.key(), &request).await? } else { None };
    let attempt = match keyed {
        Some(Keyed::Done(first)) => return Ok(first),
        Some(Keyed::ToDo(attempt)) => Some(attempt),
        None => None,
    };
    let handled = AssertUnwindSafe(route.handle(request)).catch_unwind().await;
    let answer = handled.unwrap_or_else(|_| Err(Refusal::internal()));
    if let Some(attempt) = attempt {
        replay.end(&attempt, &answer).await;
    }
    answer
}

fn refused(refusal: &Refusal) -> HttpAnswer {
    refusal.record();
    answer::refused(&refusal.problem)
}

#[async_trait]
impl Function for HttpRoutes {
    type Event = HttpEvent;
    type Answer = HttpAnswer;

    async fn call(&self, event: HttpEvent) -> Result<HttpAnswer, lambda_runtime::Error> {
        let (key, parts) = RequestParts::of(event);
        telemetry::note(Noted::Route(&key));
        let answered = AssertUnwindSafe(self.answer(&key, parts)).catch_unwind().await;
        let answer = match answered.unwrap_or_else(|_| Err(Refusal::internal())) {
            Ok(answer) => answer,
            Err(refusal) => refused(&refusal),
        };
        telemetry::note(Noted::Status(answer.status_code));
        Ok(answer)
    }
}
