//! Everything that is appended but messages: one transaction of the entry and the conditional changes of rows that it speaks of.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parlance_domain::{
    authority::{Actor, Caller},
    conversation::Conversation,
    head::Head,
    ids::{ConversationId, UserId},
    log::{Entry, EntryBody},
    permissions::MissingRight,
    roster::{Participant, Roster, RosterSum},
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

/// What a change is decided on, read strongly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The conversation.
    pub conversation: Conversation,
    /// The tail of its log.
    pub head: Head,
    /// The roster that goes with the tail.
    pub roster: Arc<Roster>,
}

/// What a change does, given the conversation, its tail and its roster.
///
/// It is asked again after each attempt that was overtaken, so it decides on what stands then.
#[async_trait]
pub trait Change: Send + Sync {
    /// Checks the actor's rights and says what is to be written.
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError>;
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
    /// One of the two people of a direct conversation blocks the other one.
    #[error("the conversation is not writable: one of the two blocks the other")]
    NotWritable,
    /// As many people as a conversation may have would be exceeded.
    #[error("the conversation is full")]
    Full,
    /// The conversation would be left without an owner although somebody else is in it.
    #[error("the last owner goes only after another took his place")]
    LastOwner,
    /// There is no such message, or nobody of that name is in the conversation.
    #[error("what is to be changed does not exist")]
    NoSuchTarget,
    /// The message is deleted: nothing is left to edit.
    #[error("the message is deleted")]
    Deleted,
    /// Nothing would be left of the message: it has no attachments either.
    #[error("must not be blank without attachments")]
    Blank,
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
        caller: Caller<'_>,
        subject: Option<&UserId>,
        change: &dyn Change,
    ) -> Result<Changed, ChangeError> {
        let mut first_seen: Option<Option<Participant>> = None;
        let mut authorized: Option<Arc<Roster>> = None;
        for attempt in 0..ATTEMPTS {
            let ground = self.ground(conversation, authorized.as_ref()).await?;
            let ground = ground.filter(|ground| !ground.head.is_closed()).ok_or(ChangeError::NotFound)?;
            let actor = Actor::of(caller, &ground.conversation, &ground.roster);
            let actor = actor.ok_or(ChangeError::NotFound)?;
            if let Some(subject) = subject {
                let standing = ground.roster.member(subject).map(|member| *member.participant);
                if *first_seen.get_or_insert(standing) != standing {
                    return Ok(Changed::AlreadySo { roster: ground.roster });
                }
            }
            let (body, changes) = match change.plan(&actor, &ground).await? {
                Plan::Nothing => return Ok(Changed::AlreadySo { roster: ground.roster }),
                Plan::Write { body, changes } => (body, changes),
            };
            let (entry, after) = self.entry(&ground, caller.user, body, &changes);
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
                authorized = Some(ground.roster);
            }
            let micros = self.random.below(4_000 << attempt.min(6));
            self.clock.sleep(Duration::from_micros(micros)).await;
        }
        Err(ChangeError::Contended)
    }

    /// What the change is decided on; without re-authorization, with the roster of the first attempt.
    async fn ground(
        &self,
        id: ConversationId,
        authorized: Option<&Arc<Roster>>,
    ) -> Result<Option<Ground>, PortError> {
        let current = async {
            match authorized {
                Some(roster) => {
                    let head = self.log.tail(id).await?;
                    Ok(head.map(|head| (head, Arc::clone(roster))))
                }
                None => self.rosters.current(id).await,
            }
        };
        let (current, conversation) = futures::try_join!(current, self.rosters.conversation(id))?;
        let Some(((head, roster), conversation)) = current.zip(conversation) else { return Ok(None) };
        Ok(Some(Ground { conversation, head, roster }))
    }

    /// The entry that says what changed, with the roster's version and sum as the changes leave them.
    fn entry(
        &self,
        Ground { head, roster, .. }: &Ground,
        actor: &UserId,
        body: EntryBody,
        changes: &[RowChange],
    ) -> (Entry, Roster) {
        let mut entry = head.followed_by(actor.clone(), self.clock.now(), None, body);
        let mut after = roster.as_ref().clone();
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
                RowChange::SetBlock { user, participant, .. } => replace(user, Some(*participant)),
                RowChange::Close { .. } => closes = true,
                RowChange::SetMessage { .. }
                | RowChange::RemoveAttachment { .. }
                | RowChange::SetTitle { .. } => {}
            }
        }
        for change in changes {
            if let RowChange::SetBlock { user, is_blocking, .. } = change {
                sum = if *is_blocking { sum.with_block(user) } else { sum.without_block(user) };
                after.set_block(user, *is_blocking);
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
