//! `Idempotency-Key`: a POST that comes again gets its first answer again, and is done once.

use std::{sync::Arc, time::Duration};

use parlance_application::ports::{
    PortError,
    environment::{Clock, Random},
    idempotency::{Attempt, Begun, IdempotencyRepository, KeptAnswer, MAX_KEPT_BYTES, RequestKey},
};
use parlance_domain::ids::ClientMessageId;
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use super::{answer::Reply, request::Request};
use crate::{
    refusal::Refusal,
    telemetry::{self, Noted},
};

/// How long an attempt holds its key: as long as API Gateway waits for an answer at most. Who has not answered by then is taken for dead.
const LEASE: Duration = Duration::from_secs(30);

/// After which time whoever asks while the first attempt still runs is to ask again, in milliseconds.
const STILL_RUNNING_PAUSE_MS: u64 = 1_000;

/// Remembers what requests with a key were answered.
#[derive(Clone)]
pub struct Replay {
    kept: Arc<dyn IdempotencyRepository>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A request with a key, before it is done.
pub(super) enum Keyed {
    /// It is to be done; its answer is to be kept under the attempt.
    ToDo(Box<Attempt>),
    /// It was done and answered so.
    Done(Reply),
}

impl Replay {
    /// Remembers over these ports.
    pub fn new(kept: Arc<dyn IdempotencyRepository>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { kept, clock, random }
    }

    /// Looks the request's key up; `None` where it has none.
    pub(super) async fn begin(
        &self,
        route: &'static str,
        request: &Request,
    ) -> Result<Option<Keyed>, Refusal> {
        let Some(key) = request.parts.header("idempotency-key") else { return Ok(None) };
        let key = ClientMessageId::parse(key)
            .map_err(|invalid| Problem::invalid("/Idempotency-Key", format!("must be {invalid}")))?;
        let at = self.clock.now();
        let attempt = Attempt {
            key: RequestKey { user: request.caller.user.clone(), route, key },
            fingerprint: request.parts.fingerprint(),
            nonce: self.random.bytes(),
            at,
            lease_until: at.plus(LEASE),
        };
        match self.kept.begin(&attempt).await? {
            Begun::Begun => Ok(Some(Keyed::ToDo(Box::new(attempt)))),
            Begun::Answered(answer) => Ok(Some(Keyed::Done(Reply::kept(answer)?))),
            Begun::Running => {
                let detail = "the first request with this key is still being done";
                Err(Problem::retry_after(ErrorCode::Conflict, detail, STILL_RUNNING_PAUSE_MS).into())
            }
            Begun::OtherRequest => {
                let detail = "this key was used for a request that asked for something else";
                Err(Problem::new(ErrorCode::IdempotencyConflict, detail).into())
            }
        }
    }

    /// Keeps the answer. One that says to come again later is no answer: the next attempt begins anew.
    pub(super) async fn end(&self, attempt: &Attempt, outcome: &Result<Reply, Refusal>) {
        let ended = match outcome {
            Ok(reply) => self.kept.finish(attempt, &kept(reply.clone().into_kept())).await,
            Err(refusal) if refusal.problem.is_retryable() => self.kept.abandon(attempt).await,
            Err(refusal) => {
                let body = String::from_utf8(refusal.problem.to_problem_json()).unwrap_or_default();
                let status = refusal.problem.code.status();
                let answer = KeptAnswer { status, body: Some(body), etag: None, location: None };
                self.kept.finish(attempt, &kept(answer)).await
            }
        };
        if let Err(error) = ended {
            forgotten(&error);
        }
    }
}

fn kept(answer: KeptAnswer) -> KeptAnswer {
    KeptAnswer { body: answer.body.filter(|body| body.len() <= MAX_KEPT_BYTES), ..answer }
}

/// The thing was done and is answered; a retry within the lease is told to wait, and one after it does the thing anew.
fn forgotten(error: &PortError) {
    telemetry::note(Noted::Error(telemetry::causes(error).as_str()));
}
