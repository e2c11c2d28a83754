//! Coming back: what happened while no socket was open. `sync` brings it; where it fails, the logs are read. Pure.

use std::collections::BTreeMap;

use parlance_protocol::{ids::ConversationId, limits::MAX_SYNCED_CONVERSATIONS};
use serde_json::json;

use crate::{
    backoff::{Backoff, Jitter, Millis},
    order::Order,
};

/// How long the answer to a `sync` may take: it comes after everything that was missed.
const ANSWER_TIMEOUT: Millis = 30_000;

/// The `sync` frames that were sent and not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Syncs {
    pending: BTreeMap<String, Pending>,
    ids: u64,
    failures: u32,
    /// When to ask once more, after it failed.
    again_at: Option<Millis>,
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
        self.again_at = None;
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

    /// A frame was answered with what it asked for.
    pub(crate) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// A frame was not: it has to be asked once more, since the server takes note of the socket by it.
    pub(crate) fn failed(&mut self, now: Millis, jitter: Jitter<'_>) {
        self.failures = self.failures.saturating_add(1);
        let pause = Backoff::READ.limit(self.failures);
        self.again_at.get_or_insert(now + pause + jitter(pause));
    }

    /// Whether it is time to ask once more.
    pub(crate) fn is_due(&self, now: Millis) -> bool {
        self.again_at.is_some_and(|at| at <= now)
    }

    /// When [`Syncs::given_up`] should be asked, and [`Syncs::is_due`] while a socket is there.
    pub(crate) fn deadline(&self, is_up: bool) -> Option<Millis> {
        let unanswered = self.pending.values().map(|pending| pending.until).min();
        self.again_at.filter(|_| is_up).into_iter().chain(unanswered).min()
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
        assert_eq!(syncs.deadline(true), Some(5 + ANSWER_TIMEOUT));
        assert_eq!(syncs.ended("y1").map(|part| part.len()), Some(200));
        assert!(syncs.given_up(5 + ANSWER_TIMEOUT - 1).is_empty());
        syncs.something_failed(9);
        assert_eq!(syncs.given_up(9).iter().map(Vec::len).collect::<Vec<_>>(), [50]);
        assert_eq!(syncs.deadline(true), None);
    }

    #[test]
    fn what_failed_is_asked_once_more_after_a_pause_that_grows() {
        let mut syncs = Syncs::default();
        for pause in [200, 400, 800] {
            syncs.begin(known(1), 0);
            syncs.ended("y1");
            syncs.failed(1_000, &mut |_| 0);
            syncs.pending.clear();
            assert_eq!((syncs.deadline(true), syncs.deadline(false)), (Some(1_000 + pause), None));
            assert_eq!((syncs.is_due(999 + pause), syncs.is_due(1_000 + pause)), (false, true));
        }
        syncs.begin(known(1), 0);
        assert!(!syncs.is_due(9_000), "it was asked");
        syncs.succeeded();
        syncs.failed(1_000, &mut |_| 0);
        assert!(syncs.is_due(1_200));
    }
}
