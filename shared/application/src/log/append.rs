//! Verified tail-append: one conditional write per message gives order, gaplessness and exactly-once.
//!
//! Position g+1 is written only by one who knows that g exists, and only if it is free, so a position exists exactly when its entry does.
//! Whoever is about to write has read every position between what the client knew and g. If the same message stood there twice, the
//! writer of the second had read the first and would have returned it. With `after`, no step of this trusts the cache: a hint that is
//! old, lost or wrong costs reads, never an answer.

mod submission;

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    head::{Head, Seq},
    ids::{ConversationId, MessageId, UserId},
    log::{Entry, EntryBody},
    message::Message,
    roster::Roster,
};

pub use self::submission::{Appended, Candidate, Entitlement, Submission};
use super::rosters::RosterReader;
use crate::{
    ports::{
        PortError,
        cache::{ConversationCache, Opening},
        environment::{Clock, Random},
        log::{Append, AppendOnce, Beside, Consistency, LogRange, MessageLog, Order},
    },
    safeguards::{Safeguard, Safeguards},
};

/// How far a client may lie behind the tail before it has to read the log itself.
pub const VERIFIED_WINDOW: u64 = 512;

/// How often an append begins again after it was overtaken.
const ATTEMPTS: u32 = 8;

/// The longest pause before an overtaken append begins again, in its first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(12);

/// Appends messages to logs.
#[derive(Clone)]
pub struct TailAppend {
    log: Arc<dyn MessageLog>,
    rosters: RosterReader,
    cache: Arc<dyn ConversationCache>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    safeguards: Safeguards,
    window: u64,
}

/// Why a message was not appended. Neither of the refusals rests on a hint or on a cached roster.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no such conversation for this sender.
    #[error("no such conversation")]
    NotFound,
    /// The sender is in the conversation, and one of its two people blocks the other one.
    #[error("not writable")]
    NotWritable,
    /// The client has to read the log first: it is too far behind, or ahead of the log.
    #[error("out of date")]
    OutOfDate,
    /// The message stands nowhere, and a file that it would take is not to be had as it was read.
    #[error("a file is not to be had")]
    Unclaimed,
    /// Overtaken too often.
    #[error("overtaken too often")]
    Contended,
    /// An outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What is known of the tail in the course of one append.
struct Tail {
    head: Head,
    /// Whether `head` was read from the log, not taken from the cache.
    is_strong: bool,
    /// Every position up to here is known not to hold the message.
    checked: u64,
    /// A roster from the cache, and its version.
    cached: Option<(Seq, Arc<Roster>)>,
    /// The roster that names the sender at `head`'s version.
    authorized: Option<Arc<Roster>>,
}

enum Authorization {
    Granted(Arc<Roster>),
    /// The tail has to be read again first.
    Again,
}

impl TailAppend {
    /// Appends over these ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        rosters: RosterReader,
        cache: Arc<dyn ConversationCache>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        safeguards: Safeguards,
    ) -> Self {
        Self { log, rosters, cache, clock, random, safeguards, window: VERIFIED_WINDOW }
    }

    /// Lets clients lie behind by another number of entries: a proof wants a small window.
    #[must_use]
    pub const fn with_window(mut self, window: u64) -> Self {
        self.window = window;
        self
    }

    /// Appends a message, or finds it where an earlier attempt left it.
    pub async fn append(&self, submission: &Submission, opening: Opening) -> Result<Appended, AppendError> {
        let conversation = submission.conversation;
        let (head, is_strong) = match opening.head {
            Some(hint) => (hint, false),
            None => (self.log.tail(conversation).await?.ok_or(AppendError::NotFound)?, true),
        };
        let checked = submission.after.unwrap_or(head.seq.get());
        let mut tail = Tail { head, is_strong, checked, cached: opening.roster, authorized: None };
        let (mut has_written, mut is_unanswered) = (false, false);
        for attempt in 0..ATTEMPTS {
            if !self.is_within_reach(submission, &mut tail) {
                if !tail.is_strong {
                    self.begin_again(submission, &mut tail).await?;
                    continue;
                }
                // Only who is in the conversation learns where it stands.
                if has_written || self.is_authorized(submission, &mut tail).await? {
                    return Err(AppendError::OutOfDate);
                }
                self.reread(&mut tail, conversation).await?;
                continue;
            }
            // A sender who was removed must not learn what became of his message, but once this call may have written it,
            // it has to be looked for first: a refusal would then be untrue.
            if !has_written && !self.is_authorized(submission, &mut tail).await? {
                self.reread(&mut tail, conversation).await?;
                continue;
            }
            if self.safeguards.has(Safeguard::VerifyingRead) && tail.head.seq.get() > tail.checked {
                match self.verify(submission, &tail).await? {
                    Verified::Found(entry) => return Ok(Appended::AlreadyStored(*entry)),
                    Verified::HintWasWrong => {
                        self.cache.forget_head(conversation).await;
                        self.begin_again(submission, &mut tail).await?;
                        continue;
                    }
                    Verified::Absent(read) => {
                        // What was read is the truth about its position; the hint may have named it with another's counts.
                        if read.roster_version != tail.head.roster_version {
                            tail.authorized = None;
                        }
                        tail.head = read;
                        tail.checked = read.seq.get();
                    }
                }
            }
            if !self.is_authorized(submission, &mut tail).await? {
                self.reread(&mut tail, conversation).await?;
                continue;
            }
            let Some(roster) = tail.authorized.clone() else { continue };
            has_written = true;
            match self.write(submission, &tail.head, roster.clone()).await? {
                Write::Done(appended) => return Ok(*appended),
                Write::Stands(entry) if is_unanswered || submission.key.client_id().is_none() => {
                    return Ok(Appended::StoredUnanswered { entry: *entry, roster });
                }
                Write::Stands(entry) => return Ok(Appended::AlreadyStored(*entry)),
                // Its position was free and every position before it is read: it is not this message that has the file.
                Write::Unclaimed => return Err(AppendError::Unclaimed),
                Write::Unanswered => is_unanswered = true,
                Write::Overtaken => {}
            }
            self.pause(attempt).await;
            let authorized_at = tail.head.roster_version;
            tail.head = self.log.tail(conversation).await?.ok_or(AppendError::NotFound)?;
            tail.is_strong = true;
            if tail.head.roster_version != authorized_at && self.safeguards.has(Safeguard::Reauthorization) {
                tail.authorized = None;
                tail.cached = None;
            }
        }
        Err(AppendError::Contended)
    }

    /// Where a member joined. Those who are not in the conversation are refused, by strong reads alone.
    pub async fn joined(&self, conversation: ConversationId, user: &UserId) -> Result<Seq, AppendError> {
        let (_, roster) = self.rosters.current(conversation).await?.ok_or(AppendError::NotFound)?;
        roster.member(user).map(|member| member.participant.joined).ok_or(AppendError::NotFound)
    }

    /// Whether every position that has to be read can be read at once. Without `after` the client vouches for nothing older.
    fn is_within_reach(&self, submission: &Submission, tail: &mut Tail) -> bool {
        let newest = tail.head.seq.get();
        if submission.after.is_some_and(|after| after > newest) {
            return false;
        }
        if newest.saturating_sub(tail.checked) <= self.window {
            return true;
        }
        if submission.after.is_some() && self.safeguards.has(Safeguard::OutOfDate) {
            return false;
        }
        tail.checked = newest - self.window;
        true
    }

    /// Forgets everything that rested on the hint and starts from the log's own tail.
    async fn begin_again(&self, submission: &Submission, tail: &mut Tail) -> Result<(), AppendError> {
        self.reread(tail, submission.conversation).await?;
        tail.checked = submission.after.unwrap_or(tail.head.seq.get());
        Ok(())
    }

    async fn reread(&self, tail: &mut Tail, conversation: ConversationId) -> Result<(), AppendError> {
        tail.head = self.log.tail(conversation).await?.ok_or(AppendError::NotFound)?;
        tail.is_strong = true;
        tail.cached = None;
        tail.authorized = None;
        Ok(())
    }

    /// Makes sure that `tail.authorized` names the sender at the head's version; `false` if the tail has to be read again first.
    async fn is_authorized(&self, submission: &Submission, tail: &mut Tail) -> Result<bool, AppendError> {
        if tail.authorized.is_some() {
            return Ok(true);
        }
        match self.authorize(submission, tail).await? {
            Authorization::Granted(roster) => {
                tail.authorized = Some(roster);
                Ok(true)
            }
            Authorization::Again => Ok(false),
        }
    }

    async fn authorize(&self, submission: &Submission, tail: &Tail) -> Result<Authorization, AppendError> {
        let head = &tail.head;
        if head.is_closed() {
            return if tail.is_strong { Err(AppendError::NotFound) } else { Ok(Authorization::Again) };
        }
        if let Some((version, roster)) = &tail.cached
            && *version >= head.roster_version
        {
            let may_post = submission.is_entitled_by(roster) && !roster.is_blocked();
            return Ok(if may_post { Authorization::Granted(roster.clone()) } else { Authorization::Again });
        }
        let Some(roster) = self.rosters.at_head(submission.conversation, head).await? else {
            return Ok(Authorization::Again);
        };
        match (submission.is_entitled_by(&roster), roster.is_blocked()) {
            (true, false) => Ok(Authorization::Granted(roster)),
            _ if !tail.is_strong => Ok(Authorization::Again),
            (true, true) => Err(AppendError::NotWritable),
            (false, _) => Err(AppendError::NotFound),
        }
    }

    /// Reads every position that has not been read yet and looks for the message.
    async fn verify(&self, submission: &Submission, tail: &Tail) -> Result<Verified, PortError> {
        let mut after = tail.checked;
        let mut newest = None;
        loop {
            let range = LogRange {
                after,
                up_to: Some(tail.head.seq),
                order: Order::Ascending,
                limit: usize::try_from(tail.head.seq.get() - after).unwrap_or(usize::MAX),
                consistency: Consistency::Strong,
            };
            let page = self.log.page(submission.conversation, range).await?;
            if let Some(last) = page.entries.last() {
                after = last.seq.get();
                newest = Some(last.head());
            }
            for entry in page.entries {
                if entry.is_message_of(&submission.sender, &submission.key) {
                    return Ok(Verified::Found(Box::new(entry)));
                }
            }
            if page.is_last {
                return Ok(match newest {
                    Some(read) if read.seq == tail.head.seq => Verified::Absent(read),
                    _ => Verified::HintWasWrong,
                });
            }
        }
    }

    /// Writes the entry after `head`.
    async fn write(
        &self,
        submission: &Submission,
        head: &Head,
        roster: Arc<Roster>,
    ) -> Result<Write, AppendError> {
        let conversation = submission.conversation;
        let seq = head.seq.next();
        let message = Message::sent(submission.body.clone(), seq).with_files(submission.attached());
        let entry = head.followed_by(
            submission.sender.clone(),
            self.clock.now(),
            Some(submission.key.clone()),
            EntryBody::MessageSent(message),
        );
        let beside = Beside {
            remembers_key: submission.after.is_none() && submission.key.client_id().is_some(),
            claims: submission.claims(MessageId::new(conversation, seq)),
        };
        if beside != Beside::default() {
            return Ok(match self.log.append_once(conversation, &entry, &beside).await {
                Ok(AppendOnce::Stored) => Write::Done(Box::new(Appended::Stored { entry, roster })),
                Ok(AppendOnce::AlreadySent(seq)) => {
                    let found = self.log.entries_at(conversation, &[seq]).await?.into_iter().next();
                    found.map_or(Write::Overtaken, |found| {
                        Write::Done(Box::new(Appended::AlreadyStored(found)))
                    })
                }
                Ok(AppendOnce::Unclaimed) => Write::Unclaimed,
                Ok(AppendOnce::Contended) => Write::Overtaken,
                Err(error) => unanswered(&error),
            });
        }
        Ok(match self.log.append(conversation, &entry).await {
            Ok(Append::Stored) => Write::Done(Box::new(Appended::Stored { entry, roster })),
            Ok(Append::Taken(standing))
                if self.safeguards.has(Safeguard::OwnItem)
                    && standing.is_message_of(&submission.sender, &submission.key) =>
            {
                Write::Stands(standing)
            }
            Ok(Append::Taken(_) | Append::Contended) => Write::Overtaken,
            Err(error) => unanswered(&error),
        })
    }

    async fn pause(&self, attempt: u32) {
        let bound = FIRST_PAUSE.saturating_mul(1 << attempt.min(6));
        let micros = self.random.below(u64::try_from(bound.as_micros()).unwrap_or(u64::MAX));
        self.clock.sleep(Duration::from_micros(micros)).await;
    }
}

/// What became of one write.
enum Write {
    /// It is known where the message stands.
    Done(Box<Appended>),
    /// The message stands there already, written by whomever.
    Stands(Box<Entry>),
    /// A file is not to be had.
    Unclaimed,
    /// It may have been written or not.
    Unanswered,
    /// Something else was, or is being, written there.
    Overtaken,
}

fn unanswered(error: &PortError) -> Write {
    tracing::warn!(error = error as &dyn std::error::Error, "append without an answer");
    Write::Unanswered
}

enum Verified {
    Found(Box<Entry>),
    Absent(Head),
    HintWasWrong,
}
