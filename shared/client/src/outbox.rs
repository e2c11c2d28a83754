//! The outbox: messages that are not yet known to be stored, at most one in flight per conversation. Pure.

use std::collections::{BTreeMap, VecDeque};

use parlance_protocol::{
    error_code::ErrorCode,
    ids::{ClientMessageId, ConversationId},
    problem::ReceivedProblem,
    request::send_message::{Draft, SendMessageData},
};

use crate::backoff::{Backoff, Jitter, Millis};

/// How long an acknowledgement may take before the message is sent again.
pub const ACK_TIMEOUT: Millis = 10_000;
/// How long an acknowledgement may still take after a frame that said that some request had failed.
pub const ACK_TIMEOUT_AFTER_FAILURE: Millis = 1_000;

/// The messages of one client that are on their way.
#[derive(Debug, Default)]
pub struct Outbox {
    queues: BTreeMap<ConversationId, VecDeque<Queued>>,
    requests: u64,
}

#[derive(Debug)]
struct Queued {
    request: String,
    client_id: ClientMessageId,
    draft: Draft,
    after: u64,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be sent at this time.
    Waiting(Millis),
    /// To be sent again at this time unless it is acknowledged.
    InFlight(Millis),
    /// To be sent once the log was read.
    Behind,
}

/// A frame to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The frame's `id`: the same at each attempt, so that a late answer to an earlier one counts.
    pub request: String,
    /// The frame's `data`.
    pub data: SendMessageData,
}

/// What follows from a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The message will be sent again by itself.
    WillRetry,
    /// The same, with a token of its own: the session has to be renewed first.
    NeedsToken,
    /// The log has to be read up to its end, then [`Outbox::log_was_read`] called.
    NeedsLog(ConversationId),
    /// The message will never be stored like this; it has left the outbox.
    Failed(ClientMessageId),
    /// The answer is to nothing that waits here.
    NotWaiting,
}

impl Outbox {
    /// Puts a message at the end of its conversation's queue. `after` is the last entry that the client has applied.
    pub fn queue(
        &mut self,
        conversation: ConversationId,
        client_id: ClientMessageId,
        draft: Draft,
        after: u64,
        now: Millis,
    ) {
        self.requests += 1;
        let request = format!("m{}", self.requests);
        let queued = Queued { request, client_id, draft, after, failures: 0, state: State::Waiting(now) };
        self.queues.entry(conversation).or_default().push_back(queued);
    }

    /// Gives up waiting for answers that are overdue; their messages will be sent again. Says whether there were any.
    pub fn expire(&mut self, now: Millis, jitter: Jitter<'_>) -> bool {
        let mut any = false;
        for first in self.queues.values_mut().filter_map(VecDeque::front_mut) {
            if matches!(first.state, State::InFlight(until) if until <= now) {
                first.fail(now, None, jitter);
                any = true;
            }
        }
        any
    }

    /// The frames to send now. `seen_through` raises a message's `after` as far as the client has seen every entry since:
    /// had this message been among them, it would have left the outbox by [`Outbox::seen`].
    pub fn due(
        &mut self,
        now: Millis,
        seen_through: impl Fn(ConversationId, u64) -> Option<u64>,
    ) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for (conversation, queue) in &mut self.queues {
            let Some(first) = queue.front_mut() else { continue };
            if !matches!(first.state, State::Waiting(at) if at <= now) {
                continue;
            }
            first.after = seen_through(*conversation, first.after).unwrap_or(first.after);
            first.state = State::InFlight(now + ACK_TIMEOUT);
            attempts.push(Attempt {
                request: first.request.clone(),
                data: SendMessageData {
                    conversation_id: *conversation,
                    client_id: first.client_id.clone(),
                    after: first.after,
                    draft: first.draft.clone(),
                },
            });
        }
        attempts
    }

    /// When [`Outbox::expire`] and [`Outbox::due`] should be asked again.
    pub fn deadline(&self) -> Option<Millis> {
        let firsts = self.queues.values().filter_map(VecDeque::front);
        firsts
            .filter_map(|first| match first.state {
                State::Waiting(at) | State::InFlight(at) => Some(at),
                State::Behind => None,
            })
            .min()
    }

    /// The message of this request is stored: it leaves the outbox.
    pub fn acknowledged(&mut self, request: &str, now: Millis) -> Option<ClientMessageId> {
        let (conversation, _) = self.find(request)?;
        self.leave(conversation, now)
    }

    /// The message stands in the log, whoever said so: it leaves the outbox.
    pub fn seen(&mut self, conversation: ConversationId, client_id: &ClientMessageId, now: Millis) -> bool {
        let Some(queue) = self.queues.get_mut(&conversation) else { return false };
        match queue.iter().position(|queued| queued.client_id == *client_id) {
            Some(0) => self.leave(conversation, now).is_some(),
            // An earlier program has sent it, and what stood before it then was kept longer.
            Some(place) => queue.remove(place).is_some(),
            None => false,
        }
    }

    /// A request was refused.
    pub fn refused(
        &mut self,
        request: &str,
        problem: &ReceivedProblem,
        now: Millis,
        jitter: Jitter<'_>,
    ) -> Refusal {
        let Some((conversation, first)) = self.find(request) else { return Refusal::NotWaiting };
        if problem.is(ErrorCode::OutOfDate) {
            first.state = State::Behind;
            return Refusal::NeedsLog(conversation);
        }
        if problem.is(ErrorCode::TokenExpired) || problem.is(ErrorCode::Unauthenticated) {
            first.fail(now, None, jitter);
            return Refusal::NeedsToken;
        }
        if problem.retryable {
            first.fail(now, problem.retry_after_ms, jitter);
            return Refusal::WillRetry;
        }
        self.leave(conversation, now).map_or(Refusal::NotWaiting, Refusal::Failed)
    }

    /// The log was read to its end at `head`. A message that waited for it goes out with what was seen; `None` where entries were skipped
    /// since it was queued, so that nobody can say whether it is among them: then it fails rather than double.
    pub fn log_was_read(
        &mut self,
        conversation: ConversationId,
        head: u64,
        seen_through: impl Fn(u64) -> Option<u64>,
        now: Millis,
    ) -> Option<ClientMessageId> {
        let first = self.queues.get_mut(&conversation)?.front_mut()?;
        if first.state != State::Behind {
            return None;
        }
        // Beyond the end of the log there is nothing that the message could be among: the log was restored.
        let Some(after) = seen_through(first.after).or((first.after > head).then_some(head)) else {
            return self.leave(conversation, now);
        };
        first.after = after;
        first.state = State::Waiting(now);
        None
    }

    /// A frame came that answers nobody and says that some request has failed: what is in flight need not wait long any more.
    pub fn something_failed(&mut self, now: Millis) {
        for first in self.queues.values_mut().filter_map(VecDeque::front_mut) {
            if let State::InFlight(until) = first.state {
                first.state = State::InFlight(until.min(now + ACK_TIMEOUT_AFTER_FAILURE));
            }
        }
    }

    /// Another socket is there: what was in flight on the last one is sent again.
    pub fn reconnected(&mut self, now: Millis) {
        for first in self.queues.values_mut().filter_map(VecDeque::front_mut) {
            if matches!(first.state, State::InFlight(_)) {
                first.state = State::Waiting(now);
            }
        }
    }

    /// The conversation is out of reach: its messages leave the outbox unsent.
    pub fn abandon(&mut self, conversation: ConversationId) -> Vec<ClientMessageId> {
        let queue = self.queues.remove(&conversation).unwrap_or_default();
        queue.into_iter().map(|queued| queued.client_id).collect()
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&mut self, request: &str) -> Option<(ConversationId, &mut Queued)> {
        self.queues.iter_mut().find_map(|(conversation, queue)| {
            let first = queue.front_mut().filter(|first| first.request == request)?;
            Some((*conversation, first))
        })
    }

    fn leave(&mut self, conversation: ConversationId, now: Millis) -> Option<ClientMessageId> {
        let queue = self.queues.get_mut(&conversation)?;
        let left = queue.pop_front()?;
        match queue.front_mut() {
            Some(next) => next.state = State::Waiting(now),
            None => drop(self.queues.remove(&conversation)),
        }
        Some(left.client_id)
    }
}

impl Queued {
    fn fail(&mut self, now: Millis, retry_after: Option<Millis>, jitter: Jitter<'_>) {
        self.failures = self.failures.saturating_add(1);
        let wait = retry_after.unwrap_or_default() + jitter(Backoff::SEND.limit(self.failures));
        self.state = State::Waiting(now + wait);
    }
}
