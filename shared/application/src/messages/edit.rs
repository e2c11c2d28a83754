//! Edits and deletes messages: an entry each, and the message's own row changed in place.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use parlance_domain::{
    authority::Actor,
    event::{Event, EventBody, EventEncoder},
    head::Seq,
    ids::MessageId,
    log::{Entry, EntryBody},
    message::{Message, MessageBody, MessageContent},
    permissions::Right,
    time::Timestamp,
};

use crate::{
    delivery::lanes::MAX_FRAME_BYTES,
    log::change::{Change, ChangeError, Ground, Plan},
    ports::log::{MessageLog, RowChange},
};

/// A message's row as a request found it when it began: changed since, the request counts as done.
pub struct Target {
    log: Arc<dyn MessageLog>,
    id: MessageId,
    /// The first position that the actor may see.
    first: Seq,
    found_at: OnceLock<Seq>,
}

impl Target {
    /// The message that `id` names, for an actor whose log begins at `first`.
    pub fn new(log: Arc<dyn MessageLog>, id: MessageId, first: Seq) -> Self {
        Self { log, id, first, found_at: OnceLock::new() }
    }

    /// The message's entry now, and whether it is still as it was when the request began.
    async fn read(&self) -> Result<(Entry, Message, bool), ChangeError> {
        if self.id.seq < self.first {
            return Err(ChangeError::NoSuchTarget);
        }
        let entries = self.log.entries_at(self.id.conversation, &[self.id.seq]).await?;
        let entry = entries.into_iter().next().ok_or(ChangeError::NoSuchTarget)?;
        let EntryBody::MessageSent(message) = &entry.body else { return Err(ChangeError::NoSuchTarget) };
        let message = message.clone();
        let is_unchanged = *self.found_at.get_or_init(|| message.since) == message.since;
        Ok((entry, message, is_unchanged))
    }
}

/// A message is to get another text. Only its sender edits it.
pub struct EditMessage {
    /// Which.
    pub target: Target,
    /// The new text.
    pub content: MessageContent,
    /// The version that the caller has seen, if he insists on it.
    pub if_version: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// How large the event becomes.
    pub encoder: Arc<dyn EventEncoder>,
}

#[async_trait]
impl Change for EditMessage {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        let (entry, message, is_unchanged) = self.target.read().await?;
        if entry.actor != *actor.user() {
            return Err(ChangeError::NotTheSender);
        }
        if ground.roster.is_blocked() {
            return Err(ChangeError::NotWritable);
        }
        if !is_unchanged {
            return Ok(Plan::Nothing);
        }
        if message.deleted {
            return Err(ChangeError::Deleted);
        }
        if self.if_version.is_some_and(|version| version != message.version) {
            return Err(ChangeError::VersionConflict { current: message.version });
        }
        if message.body.content == self.content {
            return Ok(Plan::Nothing);
        }
        let (target, since, version) = (self.target.id.seq, message.since, message.version + 1);
        let edited = Message {
            body: MessageBody { content: self.content.clone(), ..message.body },
            version,
            since: ground.head.seq.next(),
            edited_at: Some(self.at),
            deleted: false,
        };
        self.require_fits(&entry, &edited)?;
        Ok(Plan::Write {
            body: EntryBody::MessageEdited { target, version },
            changes: vec![RowChange::SetMessage { target, message: Box::new(edited), since }],
        })
    }
}

impl EditMessage {
    fn require_fits(&self, entry: &Entry, edited: &Message) -> Result<(), ChangeError> {
        let conversation = self.target.id.conversation;
        let body = EntryBody::MessageSent(edited.clone());
        let shown = Entry { body, ..entry.clone() };
        let Some(message) = shown.message(conversation) else { return Err(ChangeError::NoSuchTarget) };
        let body = EventBody::MessageUpdated(Box::new(message));
        let event = Event { conversation, seq: Seq::MAX, at: self.at, body };
        if self.encoder.event(&event).len() <= MAX_FRAME_BYTES { Ok(()) } else { Err(ChangeError::TooLarge) }
    }
}

/// A message is to go: its sender deletes it, or an admin. What is left is the tombstone.
pub struct DeleteMessage {
    /// Which.
    pub target: Target,
}

#[async_trait]
impl Change for DeleteMessage {
    async fn plan(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Plan, ChangeError> {
        // A deletion holds whatever somebody else made of the message meanwhile.
        let (entry, message, _) = self.target.read().await?;
        if entry.actor != *actor.user() {
            actor.require(Right::DeleteOthersMessages)?;
        }
        if message.deleted {
            return Ok(Plan::Nothing);
        }
        let target = self.target.id.seq;
        let tombstone = Message {
            body: MessageBody { kind: message.body.kind, ..MessageBody::default() },
            version: message.version + 1,
            since: ground.head.seq.next(),
            edited_at: message.edited_at,
            deleted: true,
        };
        Ok(Plan::Write {
            body: EntryBody::MessageDeleted { target },
            changes: vec![RowChange::SetMessage {
                target,
                message: Box::new(tombstone),
                since: message.since,
            }],
        })
    }
}
