//! Which conversations are the user's: they come and go, and what tells of it may be late, or never come.

use parlance_protocol::{
    conversation::Conversation,
    event::{EventData, EventFrame},
    ids::ConversationId,
};

use super::Session;
use crate::{
    backoff::Millis,
    client::{ClientEvent, SendError},
    order::{HOLD, Order},
};

/// A conversation that is not the user's any more.
pub(super) struct Former {
    /// Its last entry that is his; `None` where it is not known which, because he was away when it ended.
    last: Option<u64>,
    /// The last entry that was told while it was the user's: he can join again by a later one only.
    applied: u64,
    /// The last entry that came from it all the same.
    heard: u64,
}

impl Session {
    /// Of somebody who was taken out and has not come back since, the log is not shown any more: that is asked for, in case he is not told.
    pub(super) fn look_whether_taken_out(&mut self, event: &EventFrame, now: Millis) {
        if event.kind == "participant.removed"
            && let EventData::ParticipantRemoved(change) = event.data()
            && let Some(known) = event.conversation_id.and_then(|id| self.orders.get_mut(&id))
            && change.participants.iter().any(|taken| Some(&taken.user_id) == self.user.as_ref())
        {
            known.left_at = event.seq;
            known.order.read_anyway(now + HOLD);
        }
    }

    /// Whether an entry is of a time when the conversation was still the user's.
    pub(super) fn is_stale(&mut self, id: ConversationId, seq: u64) -> bool {
        let Some(former) = self.former.get_mut(&id) else { return false };
        former.heard = former.heard.max(seq);
        if former.last.is_some_and(|last| last < seq) {
            // He has joined again.
            self.former.remove(&id);
            return false;
        }
        true
    }

    /// The user was told that he is in a conversation now. That may come late, when he is in it no more: the log is asked for.
    pub(super) fn joined(&mut self, conversation: Conversation, now: Millis) {
        let id = conversation.id;
        let was_known = self.orders.contains_key(&id);
        self.meet(conversation, now);
        if let Some(known) = self.orders.get_mut(&id).filter(|_| !was_known) {
            known.order.read_anyway(now + HOLD);
        }
    }

    /// The user is in a conversation, whose log goes up to `head_seq` at least.
    pub(super) fn meet(&mut self, conversation: Conversation, now: Millis) {
        let (id, head) = (conversation.id, conversation.head_seq);
        if let Some(known) = self.orders.get_mut(&id) {
            known.is_affirmed = true;
            return;
        }
        if self.former.get(&id).is_some_and(|former| head <= former.applied.max(former.last.unwrap_or(0))) {
            return;
        }
        self.begin(id, head, now);
        self.tell(ClientEvent::Conversation(Box::new(conversation)));
    }

    pub(super) fn begin(&mut self, id: ConversationId, head: u64, now: Millis) {
        let mut order = Order::after(head);
        if let Some(former) = self.former.remove(&id) {
            order.expect(former.heard, now);
        }
        self.orders.insert(id, order.into());
    }

    /// The user was taken out of a conversation by this entry, if it is known which. One that he has joined again since is left alone.
    pub(super) fn left(&mut self, id: ConversationId, last: Option<u64>) {
        let applied = self.orders.get(&id).and_then(|known| known.order.applied());
        if last.is_some() && last < applied {
            return;
        }
        self.forget(id, last);
    }

    pub(super) fn forget(&mut self, id: ConversationId, last: Option<u64>) {
        let applied = self.orders.get(&id).and_then(|known| known.order.applied()).unwrap_or(0);
        let former = self.former.entry(id).or_insert(Former { last, applied, heard: 0 });
        former.last = former.last.max(last);
        former.applied = former.applied.max(applied);
        if self.orders.remove(&id).is_some() {
            for client_id in self.outbox.abandon(id) {
                self.settle(client_id, Err(SendError::Gone));
            }
            self.tell(ClientEvent::Gone(id));
        }
    }
}
