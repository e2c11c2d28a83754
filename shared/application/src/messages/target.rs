//! The message that an edit or a deletion is about, as it was when the request began and as it is now.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use parlance_domain::{
    authority::Actor,
    head::Seq,
    ids::MessageId,
    log::{Entry, EntryBody},
    message::{Message, PlacedMessage},
};

use crate::{
    conversations::reader::first_visible,
    log::change::{ChangeError, Ground},
    ports::{PortError, log::MessageLog},
};

/// The message that a request changes.
pub(super) struct Target {
    log: Arc<dyn MessageLog>,
    pub(super) id: MessageId,
    found_at: OnceLock<Seq>,
    shown: Mutex<Option<PlacedMessage>>,
}

/// What was found there.
pub(super) struct Found {
    /// Its entry.
    pub(super) entry: Entry,
    /// The message as it stands.
    pub(super) message: Message,
    /// Whether nobody has changed it since the request began.
    pub(super) is_unchanged: bool,
    /// Where the actor's log begins.
    first: Seq,
}

impl Target {
    pub(super) fn new(log: Arc<dyn MessageLog>, id: MessageId) -> Self {
        Self { log, id, found_at: OnceLock::new(), shown: Mutex::default() }
    }

    /// Reads the message strongly. One that is hidden from the actor is not there.
    pub(super) async fn read(&self, actor: &Actor<'_>, ground: &Ground) -> Result<Found, ChangeError> {
        let first = first_for(actor, ground);
        if self.id.seq < first {
            return Err(ChangeError::NoSuchTarget);
        }
        let entries = self.log.entries_at(self.id.conversation, &[self.id.seq]).await?;
        let entry = entries.into_iter().next().ok_or(ChangeError::NoSuchTarget)?;
        let EntryBody::MessageSent(message) = &entry.body else { return Err(ChangeError::NoSuchTarget) };
        let message = message.clone();
        let is_unchanged = *self.found_at.get_or_init(|| message.since) == message.since;
        let found = Found { entry, message, is_unchanged, first };
        self.show(&found, None);
        Ok(found)
    }

    /// Remembers what the actor is answered: the message as he found it, or as he changed it.
    pub(super) fn show(&self, found: &Found, changed: Option<&Message>) {
        let shown = found.with(changed.unwrap_or(&found.message)).message(self.id.conversation);
        let shown = shown.map(|mut message| {
            message.hide_before(found.first);
            message
        });
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// The message as the request leaves it.
    pub(super) fn into_shown(self) -> Result<PlacedMessage, PortError> {
        let shown = self.shown.into_inner().unwrap_or_else(PoisonError::into_inner);
        shown.ok_or_else(|| PortError::new("log", "a changed message was never read"))
    }
}

impl Found {
    /// The message's entry with the message as it is to be.
    pub(super) fn with(&self, message: &Message) -> Entry {
        Entry { body: EntryBody::MessageSent(message.clone()), ..self.entry.clone() }
    }
}

/// Where the actor's log begins: whoever oversees the conversation without being in it sees all of it.
fn first_for(actor: &Actor<'_>, ground: &Ground) -> Seq {
    let joined = actor.member().map_or(Seq::FIRST, |member| member.participant.joined);
    first_visible(ground.conversation.history, joined)
}
