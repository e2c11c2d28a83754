//! What stands before every route that wants to know its caller.

use parlance_application::{
    limits::limiter::RateLimiter,
    ports::identity::Identity,
    sessions::{admit::AdmitCaller, authenticate::Credential},
};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use super::{answer::NO_TOKEN, replay::Replay, request::RequestParts};
use crate::refusal::Refusal;

/// Knows callers, how fast they may be, and what they were answered.
#[derive(Clone)]
pub struct Callers {
    /// Who they are, and whether they may come in.
    pub admit: AdmitCaller,
    /// How fast they may be.
    pub limiter: RateLimiter,
    /// What they were answered before.
    pub replay: Replay,
}

impl Callers {
    /// Who sent this.
    pub(super) async fn caller(&self, parts: &RequestParts) -> Result<Identity, Refusal> {
        let token = parts.bearer().ok_or_else(|| Problem::new(ErrorCode::Unauthenticated, NO_TOKEN))?;
        Ok(self.admit.execute(Credential::Token(token)).await?)
    }
}
