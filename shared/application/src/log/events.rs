//! Turns entries of a log into the events that a reader is told: edits and deletions show the message as it stands.

use std::{collections::BTreeMap, sync::Arc};

use parlance_domain::{
    event::{ConversationView, Event, EventBody, HiddenEvent},
    head::Seq,
    ids::{ConversationId, MessageId},
    log::{Entry, EntryBody, Joining},
    message::PlacedMessage,
    roster::{Participant, Roster},
};

use crate::ports::{PortError, conversations::ConversationRepository, log::MessageLog};

/// How many positions one read by position may name.
const POSITIONS_PER_READ: usize = 100;

/// Reads what entries refer to, so that each of them can be told.
#[derive(Clone)]
pub struct EventResolver {
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
}

impl EventResolver {
    /// Takes the ports that entries refer into.
    pub fn new(log: Arc<dyn MessageLog>, conversations: Arc<dyn ConversationRepository>) -> Self {
        Self { log, conversations }
    }

    /// The events of these entries, in their order, for a reader whose log begins at `first`.
    ///
    /// An entry about a message below `first` becomes [`EventBody::Hidden`]. Messages that stand among the entries themselves, and
    /// everything that an entry says in full, cost no read.
    pub async fn resolve(
        &self,
        conversation: ConversationId,
        entries: &[Entry],
        first: Seq,
    ) -> Result<Vec<Event>, PortError> {
        let messages = self.targets(conversation, entries, first).await?;
        let changes_conversation = |entry: &Entry| {
            matches!(entry.body, EntryBody::ConversationRetitled { .. } | EntryBody::BlockChanged { .. })
        };
        let view = if entries.iter().any(changes_conversation) {
            let found = self.view(conversation).await?;
            Some(found.ok_or_else(|| PortError::new("conversations", "a log without its conversation"))?)
        } else {
            None
        };
        Ok(entries
            .iter()
            .map(|entry| Event {
                conversation,
                seq: entry.seq,
                at: entry.at,
                body: body(conversation, entry, first, &messages, view.as_ref()),
            })
            .collect())
    }

    /// The conversation as every member sees it now; `None` where it does not exist.
    pub async fn view(&self, conversation: ConversationId) -> Result<Option<ConversationView>, PortError> {
        let (found, roster, tail) = futures::try_join!(
            self.conversations.find(conversation),
            self.conversations.roster(conversation),
            self.log.tail(conversation),
        )?;
        let (Some(found), Some(head)) = (found, tail) else { return Ok(None) };
        Ok(Some(ConversationView {
            conversation: found,
            head_seq: head.seq,
            head_n: head.n,
            writable: !head.is_closed() && !roster.is_blocked(),
            roster,
            last_message: None,
        }))
    }

    async fn targets(
        &self,
        conversation: ConversationId,
        entries: &[Entry],
        first: Seq,
    ) -> Result<BTreeMap<Seq, PlacedMessage>, PortError> {
        let mut messages: BTreeMap<Seq, PlacedMessage> =
            entries.iter().filter_map(|entry| Some((entry.seq, entry.message(conversation)?))).collect();
        let mut missing: Vec<Seq> = entries
            .iter()
            .filter_map(|entry| target(&entry.body))
            .filter(|target| *target >= first && !messages.contains_key(target))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        for positions in missing.chunks(POSITIONS_PER_READ) {
            let read = self.log.entries_at(conversation, positions).await?;
            messages.extend(read.iter().filter_map(|entry| Some((entry.seq, entry.message(conversation)?))));
        }
        for message in messages.values_mut() {
            message.hide_before(first);
        }
        Ok(messages)
    }
}

const fn target(body: &EntryBody) -> Option<Seq> {
    match body {
        EntryBody::MessageEdited { target, .. } | EntryBody::MessageDeleted { target } => Some(*target),
        _ => None,
    }
}

fn body(
    conversation: ConversationId,
    entry: &Entry,
    first: Seq,
    messages: &BTreeMap<Seq, PlacedMessage>,
    view: Option<&ConversationView>,
) -> EventBody {
    let hidden = |of, target| EventBody::Hidden { of, id: MessageId::new(conversation, target) };
    let message = |seq: Seq| messages.get(&seq).filter(|_| seq >= first).cloned().map(Box::new);
    let by = entry.actor.clone();
    match &entry.body {
        EntryBody::MessageSent(_) => message(entry.seq)
            .map_or_else(|| hidden(HiddenEvent::Updated, entry.seq), EventBody::MessageCreated),
        EntryBody::MessageEdited { target, .. } => {
            message(*target).map_or_else(|| hidden(HiddenEvent::Updated, *target), EventBody::MessageUpdated)
        }
        EntryBody::MessageDeleted { target } => {
            message(*target).map_or_else(|| hidden(HiddenEvent::Deleted, *target), EventBody::MessageDeleted)
        }
        EntryBody::ConversationCreated { conversation, participants } => {
            EventBody::ConversationCreated(Box::new(ConversationView {
                conversation: conversation.as_ref().clone(),
                roster: roster_of(participants, entry.seq),
                head_seq: entry.seq,
                head_n: entry.n,
                writable: !entry.head().is_closed(),
                last_message: None,
            }))
        }
        // Who blocks whom is nobody's business: all that is told is that the conversation is writable, or not.
        EntryBody::ConversationRetitled { .. } | EntryBody::BlockChanged { .. } => view.map_or_else(
            || hidden(HiddenEvent::Updated, entry.seq),
            |view| EventBody::ConversationUpdated(Box::new(view.clone())),
        ),
        EntryBody::ConversationDeleted => EventBody::ConversationDeleted { by },
        EntryBody::ParticipantsAdded { participants } => {
            EventBody::ParticipantAdded { participants: participants.clone(), by }
        }
        EntryBody::ParticipantRemoved { user } => EventBody::ParticipantRemoved { user: user.clone(), by },
        EntryBody::ParticipantUpdated { user, role } => {
            EventBody::ParticipantUpdated { user: user.clone(), role: *role, by }
        }
    }
}

fn roster_of(participants: &[Joining], seq: Seq) -> Roster {
    participants
        .iter()
        .map(|joining| (joining.user.clone(), Participant { role: joining.role, joined: seq, since: seq }))
        .collect()
}
