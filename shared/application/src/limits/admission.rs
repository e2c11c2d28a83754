//! One request on its way past the limits: it is counted once, in whatever round trip comes first.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use parlance_domain::ids::{ConversationId, UserId};

use super::{
    limiter::{RateLimited, RateLimiter, Standing},
    rates::RateClass,
};
use crate::ports::rates::{Count, Counter, Counting};

/// A request that is counted once. Its clones are the same request.
///
/// Whoever has no round trip of his own asks [`Admission::pass`]. A use case that begins with one takes [`Admission::counting`] along in it and
/// hands what was counted to [`Admission::settle`]; until that has said yes it changes nothing.
#[derive(Clone)]
pub struct Admission(Option<Arc<Counted>>);

struct Counted {
    limiter: RateLimiter,
    user: UserId,
    class: RateClass,
    outcome: Mutex<Option<Result<Vec<Standing>, RateLimited>>>,
}

impl Admission {
    /// A request that no limit is for: one of our own.
    pub const fn free() -> Self {
        Self(None)
    }

    pub(super) fn limited(limiter: RateLimiter, user: UserId, class: RateClass) -> Self {
        Self(Some(Arc::new(Counted { limiter, user, class, outcome: Mutex::default() })))
    }

    /// Counts the request, unless that was done already.
    pub async fn pass(&self) -> Result<(), RateLimited> {
        let Some(counted) = &self.0 else { return Ok(()) };
        if let Some(outcome) = counted.outcome() {
            return outcome.map(drop);
        }
        let counting = counted.limiter.counting([counted.of_user()]);
        let counts = counted.limiter.count(&counting).await;
        counted.settle(&counting, counts).await
    }

    /// What has to be counted in the first round trip: the request, and as a message into this conversation if it is one.
    pub fn counting(&self, conversation: Option<ConversationId>) -> Counting {
        let Some(counted) = self.0.as_ref().filter(|counted| counted.outcome().is_none()) else {
            return Counting::nothing();
        };
        let of_conversation = conversation.map(Counter::Conversation);
        counted.limiter.counting([counted.of_user()].into_iter().chain(of_conversation))
    }

    /// Judges what that round trip has counted; fewer counts than counters mean that it could not count.
    pub async fn settle(&self, counting: &Counting, counts: Vec<Count>) -> Result<(), RateLimited> {
        let Some(counted) = &self.0 else { return Ok(()) };
        if let Some(outcome) = counted.outcome() {
            return outcome.map(drop);
        }
        let counts = Some(counts).filter(|counts| counts.len() == counting.counters.len());
        counted.settle(counting, counts).await
    }

    /// Takes back what was counted for a conversation by somebody who is not in it: strangers cannot use up its allowance.
    pub async fn take_back(&self, counting: &Counting) {
        let Some(counted) = &self.0 else { return };
        let is_of_conversation = |counter: &&Counter| matches!(counter, Counter::Conversation(_));
        let counters: Vec<_> = counting.counters.iter().filter(is_of_conversation).cloned().collect();
        if !counters.is_empty() {
            counted.limiter.take_back(&Counting { counters, at: counting.at }).await;
        }
    }

    /// Where the caller stands with his own limits, once the request was counted.
    pub fn standing(&self) -> Option<Result<Vec<Standing>, RateLimited>> {
        self.0.as_ref().and_then(|counted| counted.outcome())
    }
}

impl Counted {
    fn of_user(&self) -> Counter {
        Counter::User(self.user.clone(), self.class)
    }

    async fn settle(&self, counting: &Counting, counts: Option<Vec<Count>>) -> Result<(), RateLimited> {
        let outcome = self.limiter.judge(counting, counts, self.class).await;
        *self.lock() = Some(outcome.clone());
        outcome.map(drop)
    }

    fn outcome(&self) -> Option<Result<Vec<Standing>, RateLimited>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Result<Vec<Standing>, RateLimited>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self::free()
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admission").field(&self.standing()).finish()
    }
}
