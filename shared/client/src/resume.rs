//! Coming back: what happened while no socket was open. `sync` brings it; where it fails, the logs are read. Pure.

use std::collections::BTreeMap;

use parlance_protocol::{ids::ConversationId, limits::MAX_SYNCED_CONVERSATIONS};
use serde_json::json;

use crate::{backoff::Millis, order::Order};

/// How long the answer to a `sync` may take: it comes after everything that was missed.
const ANSWER_TIMEOUT: Millis = 30_000;

/// The `sync` frames that were sent and not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Syncs {
    pending: BTreeMap<String, Pending>,
    ids: u64,
}

#[derive(Debug)]
struct Pending {
    conversations: Vec<ConversationId>,
    until: Millis,
}

impl Syncs {
    /// The frames that ask for everything after what is known of these conversations. What was asked before is not waited for any more.
    pub(crate) fn begin(
        &mut self,
        known: impl Iterator<Item = (ConversationId, u64)>,
        now: Millis,
    ) -> Vec<String> {
        self.pending.clear();
        let known: Vec<_> = known.collect();
        let parts = if known.is_empty() {
            vec![&known[..]]
        } else {
            known.chunks(MAX_SYNCED_CONVERSATIONS).collect()
        };
        parts
            .into_iter()
            .map(|part| {
                self.ids += 1;
                let id = format!("y{}", self.ids);
                let cursors: BTreeMap<&ConversationId, u64> =
                    part.iter().map(|(id, last)| (id, *last)).collect();
                let frame = json!({"type": "sync", "id": id, "data": {"conversations": cursors}}).to_string();
                let conversations = part.iter().map(|(id, _)| *id).collect();
                self.pending.insert(id, Pending { conversations, until: now + ANSWER_TIMEOUT });
                frame
            })
            .collect()
    }

    /// An answer came, good or bad: the conversations that it is about, unless nobody waits for it.
    pub(crate) fn ended(&mut self, id: &str) -> Option<Vec<ConversationId>> {
        self.pending.remove(id).map(|pending| pending.conversations)
    }

    /// The conversations of every frame that will not be answered, because time is up or something failed.
    pub(crate) fn given_up(&mut self, now: Millis) -> Vec<Vec<ConversationId>> {
        let late: Vec<String> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.until <= now)
            .map(|(id, _)| id.clone())
            .collect();
        late.iter().filter_map(|id| self.ended(id)).collect()
    }

    /// One of the frames in flight failed, and it is not known which: all of them count as failed.
    pub(crate) fn something_failed(&mut self, now: Millis) {
        for pending in self.pending.values_mut() {
            pending.until = now;
        }
    }

    /// When [`Syncs::given_up`] should be asked.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.pending.values().map(|pending| pending.until).min()
    }
}

/// Has the log of each conversation read on from where it was left. Events that arrive meanwhile overlap with it and leave no hole.
pub(crate) fn read_on<'a, T: 'a>(orders: impl Iterator<Item = &'a mut Order<T>>, now: Millis) {
    for order in orders {
        order.read_anyway(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(count: u8) -> impl Iterator<Item = (ConversationId, u64)> {
        (0..count).map(|number| (ConversationId::from_bytes([number; 16]), u64::from(number)))
    }

    #[test]
    fn a_client_that_knows_nothing_asks_what_there_is() {
        let mut syncs = Syncs::default();
        let frames = syncs.begin(known(0), 0);
        assert_eq!(frames, [r#"{"data":{"conversations":{}},"id":"y1","type":"sync"}"#]);
        assert_eq!(syncs.ended("y1"), Some(Vec::new()));
        assert_eq!(syncs.ended("y1"), None);
    }

    #[test]
    fn many_conversations_are_asked_for_in_parts_and_each_part_may_fail() {
        let mut syncs = Syncs::default();
        assert_eq!(syncs.begin(known(250), 5).len(), 2);
        assert_eq!(syncs.deadline(), Some(5 + ANSWER_TIMEOUT));
        assert_eq!(syncs.ended("y1").map(|part| part.len()), Some(200));
        assert!(syncs.given_up(5 + ANSWER_TIMEOUT - 1).is_empty());
        syncs.something_failed(9);
        assert_eq!(syncs.given_up(9).iter().map(Vec::len).collect::<Vec<_>>(), [50]);
        assert_eq!(syncs.deadline(), None);
    }
}
