//! Everything that is appended but messages: one transaction of the entry and the conditional changes of rows that it speaks of.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_domain::{
    head::{Head, Seq},
    ids::{ConversationId, UserId},
    log::{Entry, EntryBody},
    permissions::MissingRight,
    roster::{Member, Participant, Roster, RosterSum},
};

use super::rosters::RosterReader;
use crate::{
    ports::{
        PortError,
        environment::{Clock, Random},
        log::{Commit, MessageLog, RowChange},
    },
    safeguards::{Safeguard, Safeguards},
};

/// How often a change begins again after it was overtaken.
const ATTEMPTS: u32 = 10;

/// Appends changes to logs.
#[derive(Clone)]
pub struct LogChanger {
    log: Arc<dyn MessageLog>,
    rosters: RosterReader,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    safeguards: Safeguards,
}

/// What a change does, given the log's tail and the roster that goes with it.
///
/// It is asked again after each attempt that was overtaken, so it decides on what stands then.
#[async_trait]
pub trait Change: Send + Sync {
    /// As which member the actor acts; nobody else learns that there is something to be changed.
    fn acting<'a>(&self, actor: &'a UserId, roster: &'a Roster) -> Option<Member<'a>> {
        roster.member(actor)
    }

    /// Checks the actor's rights and says what is to be written.
    async fn plan(&self, actor: Member<'_>, head: &Head, roster: &Roster) -> Result<Plan, ChangeError>;
}

/// What a change turned out to need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// It is already so: nothing is appended.
    Nothing,
    /// An entry, and these changes of rows.
    Write {
        /// What the entry says.
        body: EntryBody,
        /// The changes beside it.
        changes: Vec<RowChange>,
    },
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It stands as this entry.
    Done {
        /// The entry.
        entry: Box<Entry>,
        /// The roster from now on.
        roster: Arc<Roster>,
    },
    /// It was so already, or somebody else changed what the request was decided on: nothing was appended.
    AlreadySo {
        /// The roster as it stands.
        roster: Arc<Roster>,
    },
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such conversation for this actor.
    #[error("no such conversation")]
    NotFound,
    /// The actor is a member without the right.
    #[error(transparent)]
    Forbidden(#[from] MissingRight),
    /// Only its sender may do that to a message.
    #[error("only its sender may do this")]
    NotTheSender,
    /// The two people of a direct conversation are in it for good.
    #[error("a direct conversation stays as it is")]
    DirectConversation,
    /// There is no such message, or nobody of that name is in the conversation.
    #[error("what is to be changed does not exist")]
    NoSuchTarget,
    /// The message is deleted: nothing is left to edit.
    #[error("the message is deleted")]
    Deleted,
    /// The message has another version than the caller thinks.
    #[error("the version is {current}")]
    VersionConflict {
        /// Its version now.
        current: u64,
    },
    /// The event would not fit into one frame.
    #[error("the event is too large")]
    TooLarge,
    /// Overtaken too often.
    #[error("overtaken too often")]
    Contended,
    /// An outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl LogChanger {
    /// Changes over these ports.
    pub fn new(
        log: Arc<dyn MessageLog>,
        rosters: RosterReader,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        safeguards: Safeguards,
    ) -> Self {
        Self { log, rosters, clock, random, safeguards }
    }

    /// Applies a change once. The tail is read strongly, never taken from a hint.
    ///
    /// `subject` is the user whose row the request was decided on: if that row is not as it was when the request began, the request was
    /// overtaken, perhaps by its own lost attempt, and counts as done.
    pub async fn apply(
        &self,
        conversation: ConversationId,
        actor: &UserId,
        subject: Option<&UserId>,
        change: &dyn Change,
    ) -> Result<Changed, ChangeError> {
        let mut first_seen: Option<Option<Participant>> = None;
        let mut authorized: Option<(Seq, Arc<Roster>)> = None;
        for attempt in 0..ATTEMPTS {
            let Some((head, roster)) = self.current(conversation, authorized.as_ref()).await? else {
                return Err(ChangeError::NotFound);
            };
            let acting = if head.is_closed() { None } else { change.acting(actor, &roster) };
            let member = acting.ok_or(ChangeError::NotFound)?;
            if let Some(subject) = subject {
                let standing = roster.member(subject).map(|member| *member.participant);
                if *first_seen.get_or_insert(standing) != standing {
                    return Ok(Changed::AlreadySo { roster });
                }
            }
            let (body, changes) = match change.plan(member, &head, &roster).await? {
                Plan::Nothing => return Ok(Changed::AlreadySo { roster }),
                Plan::Write { body, changes } => (body, changes),
            };
            let (entry, after) = self.entry(&head, &roster, actor, body, &changes);
            match self.log.commit(conversation, &entry, &changes).await {
                Ok(Commit::Committed) => {
                    return Ok(Changed::Done { entry: Box::new(entry), roster: Arc::new(after) });
                }
                Ok(Commit::Refused) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "commit without an answer");
                }
            }
            if !self.safeguards.has(Safeguard::Reauthorization) {
                authorized = Some((head.roster_version, roster));
            }
            let micros = self.random.below(4_000 << attempt.min(6));
            self.clock.sleep(Duration::from_micros(micros)).await;
        }
        Err(ChangeError::Contended)
    }

    /// The tail, and the roster that goes with it; without re-authorization, the roster of the first attempt.
    async fn current(
        &self,
        conversation: ConversationId,
        authorized: Option<&(Seq, Arc<Roster>)>,
    ) -> Result<Option<(Head, Arc<Roster>)>, PortError> {
        if let Some((_, roster)) = authorized {
            let head = self.log.tail(conversation).await?;
            return Ok(head.map(|head| (head, Arc::clone(roster))));
        }
        self.rosters.current(conversation).await
    }

    /// The entry that says what changed, with the roster's version and sum as the changes leave them.
    fn entry(
        &self,
        head: &Head,
        roster: &Roster,
        actor: &UserId,
        body: EntryBody,
        changes: &[RowChange],
    ) -> (Entry, Roster) {
        let mut entry = head.followed_by(actor.clone(), self.clock.now(), None, body);
        let mut after = roster.clone();
        let mut sum = head.roster_sum;
        let mut replace = |user: &UserId, row: Option<Participant>| {
            entry.roster_version = entry.seq;
            if let Some(old) = after.remove(user) {
                sum = sum.without(user, &old);
            }
            if let Some(new) = row {
                sum = sum.with(user, &new);
                after.insert(user.clone(), new);
            }
        };
        let mut closes = false;
        for change in changes {
            match change {
                RowChange::Join { user, participant } | RowChange::SetRole { user, participant, .. } => {
                    replace(user, Some(*participant));
                }
                RowChange::Leave { user, .. } => replace(user, None),
                RowChange::Close { .. } => closes = true,
                RowChange::SetMessage { .. } | RowChange::SetTitle { .. } => {}
            }
        }
        if closes {
            entry.roster_version = entry.seq;
            sum = RosterSum::NOBODY;
        }
        entry.roster_sum = sum;
        (entry, after)
    }
}
