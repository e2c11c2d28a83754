//! What became of the promises.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::talker::Talked;
use parlance_client::ids::ConversationId;

/// The longest that views may take to become the same after the last fault.
const CONVERGES_WITHIN: Duration = Duration::from_secs(10);

/// A message that the server said is stored.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// Where.
    pub conversation: ConversationId,
    /// At which position.
    pub seq: u64,
    /// What was said; no two messages of a proof say the same.
    pub content: String,
}

/// The outcome of a proof.
#[derive(Debug, Default)]
pub struct Report {
    /// How many messages were sent.
    pub sends: u64,
    /// Those that the server said are stored.
    pub acknowledged: Vec<Acknowledged>,
    /// How many answers said that an earlier attempt had stored the message.
    pub retries: u64,
    /// Sends that the client gave up, by reason. Whether they are stored is open.
    pub given_up: BTreeMap<String, u64>,
    /// Sends that had no answer long after the last fault.
    pub unanswered: u64,
    /// Acknowledged messages that do not stand where they should.
    pub lost: u64,
    /// Messages that stand twice.
    pub doubled: u64,
    /// Logs with a gap.
    pub gaps: u64,
    /// Entries that a client told out of their order, twice, or after a gap.
    pub out_of_order: u64,
    /// Where a member's view of a conversation is not its log, and how.
    pub differing_views: Vec<String>,
    /// Members whose unread count is not a recount.
    pub wrong_counts: u64,
    /// How long after the last fault everybody had heard everything.
    pub converged_after: Option<Duration>,
    /// How often each fault was asked for.
    pub faults: BTreeMap<String, u64>,
}

impl Report {
    pub(super) fn add(&mut self, talked: Talked) {
        self.sends += talked.sends;
        self.retries += talked.retries;
        self.acknowledged.extend(talked.acknowledged);
        for (reason, count) in talked.given_up {
            *self.given_up.entry(reason).or_default() += count;
        }
    }

    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        let broken = self.lost + self.doubled + self.gaps + self.out_of_order + self.wrong_counts;
        broken + self.unanswered == 0
            && self.differing_views.is_empty()
            && !self.acknowledged.is_empty()
            && self.converged_after.is_some_and(|after| after <= CONVERGES_WITHIN)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(|(name, times)| format!("{name} {times}")).collect();
        let given_up: Vec<String> =
            self.given_up.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
        let lines = [
            ("faults", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") }),
            ("sends", self.sends.to_string()),
            ("acknowledged", format!("{}, {} of them by a retry", self.acknowledged.len(), self.retries)),
            ("given up", if given_up.is_empty() { "0".to_owned() } else { given_up.join("; ") }),
            ("unanswered", self.unanswered.to_string()),
            ("lost", self.lost.to_string()),
            ("doubled", self.doubled.to_string()),
            ("logs with gaps", self.gaps.to_string()),
            ("out of order", self.out_of_order.to_string()),
            ("views that differ", self.differing_views.len().to_string()),
            ("wrong unread counts", self.wrong_counts.to_string()),
            (
                "converged after",
                self.converged_after
                    .map_or("never".to_owned(), |after| format!("{:.2} s", after.as_secs_f64())),
            ),
        ];
        for (name, value) in lines {
            writeln!(f, "{name:<20} {value}")?;
        }
        self.differing_views.iter().try_for_each(|difference| writeln!(f, "{:<20} {difference}", ""))
    }
}
