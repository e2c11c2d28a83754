//! A sorted set: members by score, then by bytes.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

/// A score that is a number, so that it has an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score(pub(super) f64);

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        // 0 and -0 are one score.
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    /// The score at this end.
    pub(super) score: f64,
    /// Whether the score itself is left out.
    pub(super) exclusive: bool,
}

/// Members with their scores.
#[derive(Debug, Default)]
pub(super) struct SortedSet {
    scores: HashMap<Bytes, Score>,
    order: BTreeSet<(Score, Bytes)>,
}

impl SortedSet {
    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    /// The score of a member.
    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).map(|score| score.0)
    }

    /// Gives a member a score; says whether it is new.
    pub(super) fn insert(&mut self, member: &Bytes, score: f64) -> bool {
        let old = self.scores.insert(member.clone(), Score(score));
        if let Some(old) = old {
            self.order.remove(&(old, member.clone()));
        }
        self.order.insert((Score(score), member.clone()));
        old.is_none()
    }

    /// Removes a member; says whether it was there.
    pub(super) fn remove(&mut self, member: &Bytes) -> bool {
        let Some(score) = self.scores.remove(member) else { return false };
        self.order.remove(&(score, member.clone()))
    }

    /// All members in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, &Bytes)> {
        self.order.iter().map(|(score, member)| (score.0, member))
    }

    /// The members whose score lies in the range, in order.
    pub(super) fn range(&self, low: Bound, high: Bound) -> impl DoubleEndedIterator<Item = (f64, &Bytes)> {
        let from = (Score(low.score), Bytes::new());
        let until = Score(high.score);
        // A range that ends before it begins would be refused by the tree.
        let begin = if low.score > high.score { None } else { Some(from) };
        begin
            .map(|from| self.order.range(from..))
            .into_iter()
            .flatten()
            .map(|(score, member)| (*score, member))
            .skip_while(move |(score, _)| low.exclusive && *score == Score(low.score))
            .take_while(move |(score, _)| if high.exclusive { *score < until } else { *score <= until })
            .map(|(score, member)| (score.0, member))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_score_with_both_kinds_of_bounds() {
        let mut set = SortedSet::default();
        for (member, score) in [("a", 1.0), ("c", 2.0), ("b", 2.0), ("d", f64::INFINITY)] {
            assert!(set.insert(&Bytes::from(member), score));
        }
        let members = |low, high| set.range(low, high).map(|(_, member)| member.clone()).collect::<Vec<_>>();
        let at = |score| Bound { score, exclusive: false };
        let beyond = |score| Bound { score, exclusive: true };
        assert_eq!(members(at(1.0), at(2.0)), ["a", "b", "c"]);
        assert_eq!(members(beyond(1.0), at(f64::INFINITY)), ["b", "c", "d"]);
        assert_eq!(members(at(f64::NEG_INFINITY), beyond(2.0)), ["a"]);
        assert!(members(at(3.0), at(1.0)).is_empty());
    }

    #[test]
    fn a_new_score_moves_a_member() {
        let mut set = SortedSet::default();
        let member = Bytes::from("a");
        set.insert(&member, 1.0);
        assert!(!set.insert(&member, 5.0));
        assert_eq!((set.len(), set.score(b"a"), set.iter().count()), (1, Some(5.0), 1));
        assert!(set.remove(&member) && !set.remove(&member));
    }
}
