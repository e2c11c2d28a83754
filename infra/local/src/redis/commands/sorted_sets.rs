//! Commands on sorted sets.

use bytes::Bytes;

use super::{Keyspace, Outcome, Refusal, Reply, first, float, groups, integer, option};
use crate::redis::sorted_set::{Bound, SortedSet};

#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "these are Redis's own independent switches")]
struct AddOptions {
    absent: bool,
    present: bool,
    greater: bool,
    less: bool,
    changed: bool,
    increment: bool,
}

fn add_options(mut words: &[Bytes]) -> Result<(AddOptions, &[Bytes]), Refusal> {
    let mut options = AddOptions::default();
    while let Some((word, rest)) = words.split_first() {
        match option(word).as_str() {
            "nx" => options.absent = true,
            "xx" => options.present = true,
            "gt" => options.greater = true,
            "lt" => options.less = true,
            "ch" => options.changed = true,
            "incr" => options.increment = true,
            _ => break,
        }
        words = rest;
    }
    let other = |message: &str| Err(Refusal::Other(message.into()));
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(Refusal::Syntax);
    }
    if options.absent && options.present {
        return other("ERR XX and NX options at the same time are not compatible");
    }
    if (options.absent && (options.greater || options.less)) || (options.greater && options.less) {
        return other("ERR GT, LT, and/or NX options at the same time are not compatible");
    }
    if options.increment && words.len() > 2 {
        return other("ERR INCR option supports a single increment-element pair");
    }
    Ok((options, words))
}

/// What became of one member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Added {
    New,
    Changed,
    Same,
    Refused,
}

fn add(set: &mut SortedSet, options: AddOptions, member: &Bytes, score: f64) -> (Added, f64) {
    let old = set.score(member);
    let score = if options.increment { old.unwrap_or(0.0) + score } else { score };
    match old {
        None if options.present => (Added::Refused, score),
        None => {
            set.insert(member, score);
            (Added::New, score)
        }
        Some(old) => {
            let refused = options.absent
                || (options.greater && score <= old)
                || (options.less && score >= old)
                || score.is_nan();
            if refused {
                return (Added::Refused, score);
            }
            set.insert(member, score);
            #[expect(clippy::float_cmp, reason = "the same score is the same bits")]
            let same = score == old;
            (if same { Added::Same } else { Added::Changed }, score)
        }
    }
}

pub(super) fn zadd(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, rest) = words.split_first().ok_or(Refusal::Syntax)?;
    let (options, pairs) = add_options(rest)?;
    let pairs = groups::<2>(pairs)?
        .iter()
        .map(|[score, member]| Ok((float(score)?, member)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let results = keys.change(key, |set: &mut SortedSet| {
        pairs.iter().map(|(score, member)| add(set, options, member, *score)).collect::<Vec<_>>()
    })?;
    if options.increment {
        return match results.first() {
            Some((_, score)) if score.is_nan() => {
                Err(Refusal::Other("ERR resulting score is not a number (NaN)".into()))
            }
            Some((Added::Refused, _)) | None => Ok(Reply::Nil),
            Some((_, score)) => Ok(Reply::Double(*score)),
        };
    }
    let counted = |added: Added| added == Added::New || (options.changed && added == Added::Changed);
    Ok(Reply::count(results.iter().filter(|(added, _)| counted(*added)).count()))
}

pub(super) fn zrem(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, members) = words.split_first().ok_or(Refusal::Syntax)?;
    let removed =
        keys.change(key, |set: &mut SortedSet| members.iter().filter(|member| set.remove(member)).count())?;
    Ok(Reply::count(removed))
}

pub(super) fn zcard(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::count(keys.read::<SortedSet>(key)?.map_or(0, SortedSet::len)))
}

pub(super) fn zscore(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, member] = first(words)?;
    let score = keys.read::<SortedSet>(key)?.and_then(|set| set.score(member));
    Ok(score.map_or(Reply::Nil, Reply::Double))
}

pub(super) fn zcount(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, low, high] = first(words)?;
    let (low, high) = (bound(low)?, bound(high)?);
    Ok(Reply::count(keys.read::<SortedSet>(key)?.map_or(0, |set| set.range(low, high).count())))
}

pub(super) fn zremrangebyscore(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, low, high] = first(words)?;
    let (low, high) = (bound(low)?, bound(high)?);
    let removed = keys.change(key, |set: &mut SortedSet| {
        let members: Vec<Bytes> = set.range(low, high).map(|(_, member)| member.clone()).collect();
        members.iter().filter(|member| set.remove(member)).count()
    })?;
    Ok(Reply::count(removed))
}

/// Reads `5`, `(5`, `-inf`.
fn bound(word: &[u8]) -> Result<Bound, Refusal> {
    let (exclusive, number) = match word.split_first() {
        Some((b'(', number)) => (true, number),
        _ => (false, word),
    };
    let score = float(number).map_err(|_| Refusal::Other("ERR min or max is not a float".into()))?;
    Ok(Bound { score, exclusive })
}

#[derive(Clone, Copy, Default)]
struct RangeOptions {
    by_score: bool,
    reversed: bool,
    scores: bool,
    limit: Option<(i64, i64)>,
}

fn range_options(mut words: &[Bytes], by_score: bool) -> Result<RangeOptions, Refusal> {
    let mut options = RangeOptions { by_score, ..RangeOptions::default() };
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        match option(word).as_str() {
            "withscores" => options.scores = true,
            "byscore" if !by_score => options.by_score = true,
            "rev" if !by_score => options.reversed = true,
            "limit" => {
                let [offset, count] = first(words)?;
                options.limit = Some((integer(offset)?, integer(count)?));
                words = words.get(2..).unwrap_or_default();
            }
            _ => return Err(Refusal::Syntax),
        }
    }
    if options.limit.is_some() && !options.by_score {
        let message = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
        return Err(Refusal::Other(message.into()));
    }
    Ok(options)
}

pub(super) fn zrangebyscore(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    range(keys, words, true)
}

pub(super) fn zrange(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    range(keys, words, false)
}

fn range(keys: &mut Keyspace, words: &[Bytes], by_score: bool) -> Outcome {
    let [key, begin, end] = first(words)?;
    let options = range_options(words.get(3..).unwrap_or_default(), by_score)?;
    let empty = SortedSet::default();
    let found: Vec<(Bytes, f64)> = if options.by_score {
        let (low, high) = if options.reversed { (end, begin) } else { (begin, end) };
        let (low, high) = (bound(low)?, bound(high)?);
        let set = keys.read::<SortedSet>(key)?.unwrap_or(&empty);
        limited(set.range(low, high), options)
    } else {
        let (begin, end) = (integer(begin)?, integer(end)?);
        let set = keys.read::<SortedSet>(key)?.unwrap_or(&empty);
        let (begin, count) = ranks(begin, end, set.len());
        let options = RangeOptions { limit: Some((begin, count)), ..options };
        limited(set.iter(), options)
    };
    Ok(if options.scores {
        Reply::Scored(found)
    } else {
        Reply::Array(found.into_iter().map(|(member, _)| Reply::Bulk(member)).collect())
    })
}

fn limited<'a>(
    found: impl DoubleEndedIterator<Item = (f64, &'a Bytes)>,
    options: RangeOptions,
) -> Vec<(Bytes, f64)> {
    let (offset, count) = options.limit.unwrap_or((0, -1));
    let Ok(offset) = usize::try_from(offset) else { return Vec::new() };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let owned = |(score, member): (f64, &Bytes)| (member.clone(), score);
    if options.reversed {
        found.rev().skip(offset).take(count).map(owned).collect()
    } else {
        found.skip(offset).take(count).map(owned).collect()
    }
}

/// Where a range of ranks begins and how many it holds; ranks below zero count from the end.
fn ranks(begin: i64, end: i64, length: usize) -> (i64, i64) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_start = |rank: i64| if rank < 0 { length.saturating_add(rank) } else { rank };
    let (begin, end) = (from_start(begin).max(0), from_start(end).min(length - 1));
    (begin, end.saturating_sub(begin).saturating_add(1).max(0))
}
