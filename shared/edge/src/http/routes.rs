//! The routes of one function: who calls is found out first, then the handler is asked, and whatever happens becomes an answer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use parlance_application::sessions::authenticate::{Authenticate, Credential};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use super::{
    answer::{self, NO_TOKEN, Reply},
    event::{HttpAnswer, HttpEvent},
    request::{Request, RequestParts},
};
use crate::{
    refusal::Refusal,
    run::Function,
    telemetry::{self, Noted},
};

/// A route for callers with a token.
#[async_trait]
pub trait HttpRoute: Send + Sync {
    /// Method and path as the template has them: `GET /api/messaging/messages/{id}`.
    fn key(&self) -> &'static str;

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
    authenticate: Option<Authenticate>,
    routes: Vec<Arc<dyn HttpRoute>>,
    public: Vec<Arc<dyn PublicRoute>>,
}

impl HttpRoutes {
    /// Routes for callers whom `authenticate` recognises.
    pub fn for_callers(authenticate: Authenticate) -> Self {
        Self { authenticate: Some(authenticate), ..Self::default() }
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
        let caller = self.caller(&parts).await?;
        telemetry::note(Noted::User(caller.user.as_str()));
        Ok(route.handle(Request { caller, parts }).await?.into_answer(&conditions))
    }

    async fn caller(
        &self,
        parts: &RequestParts,
    ) -> Result<parlance_application::ports::identity::Identity, Refusal> {
        let unknown = || Problem::new(ErrorCode::Unauthenticated, NO_TOKEN);
        let token = parts.bearer().ok_or_else(unknown)?;
        let authenticate = self.authenticate.as_ref().ok_or_else(unknown)?;
        Ok(authenticate.execute(Credential::Token(token)).await?)
    }
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
            Err(refusal) => {
                refusal.record();
                answer::refused(&refusal.problem)
            }
        };
        telemetry::note(Noted::Status(answer.status_code));
        Ok(answer)
    }
}
