//! Commands on keys of any kind: their end, and whether they are there.
#![allow(clippy::unnecessary_wraps, reason = "all commands have one type")]

use bytes::Bytes;

use super::{Keyspace, Outcome, Refusal, Reply, first, integer, option};
use crate::redis::keyspace::Lifetime;

/// How a command spells a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds from now.
    SecondsAhead,
    /// Milliseconds from now.
    MillisecondsAhead,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// The moment that a word names, in milliseconds since 1970; `None` if there is no such moment.
pub(super) fn ending(keys: &Keyspace, amount: &[u8], unit: Unit) -> Result<Option<u64>, Refusal> {
    let amount = integer(amount)?;
    let factor = if matches!(unit, Unit::SecondsAhead | Unit::Seconds) { 1_000 } else { 1 };
    let ahead = matches!(unit, Unit::SecondsAhead | Unit::MillisecondsAhead);
    let base = if ahead { i64::try_from(keys.now()).unwrap_or(i64::MAX) } else { 0 };
    let moment = amount.checked_mul(factor).and_then(|amount| amount.checked_add(base));
    Ok(moment.map(|moment| u64::try_from(moment).unwrap_or(0)))
}

pub(super) fn del(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    Ok(Reply::count(words.iter().filter(|key| keys.remove(key).is_some()).count()))
}

pub(super) fn exists(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    Ok(Reply::count(words.iter().filter(|key| keys.get(key).is_some()).count()))
}

pub(super) fn kind(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::Simple(keys.get(key).map_or("none", |value| value.kind())))
}

pub(super) fn expire(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    end(keys, words, Unit::SecondsAhead, "expire")
}

pub(super) fn pexpire(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    end(keys, words, Unit::MillisecondsAhead, "pexpire")
}

pub(super) fn expireat(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    end(keys, words, Unit::Seconds, "expireat")
}

pub(super) fn pexpireat(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    end(keys, words, Unit::Milliseconds, "pexpireat")
}

fn end(keys: &mut Keyspace, words: &[Bytes], unit: Unit, command: &str) -> Outcome {
    let [key, amount] = first(words)?;
    let moment = ending(keys, amount, unit)?
        .ok_or_else(|| Refusal::Other(format!("ERR invalid expire time in '{command}' command")))?;
    let condition = words.get(2).map(|word| option(word));
    if condition.as_deref().is_some_and(|name| !["nx", "xx", "gt", "lt"].contains(&name)) {
        let name = words.get(2).map(|word| String::from_utf8_lossy(word)).unwrap_or_default();
        return Err(Refusal::Other(format!("ERR Unsupported option {name}")));
    }
    if keys.lifetime(key) == Lifetime::Absent {
        return Ok(Reply::flag(false));
    }
    let current = keys.expiry(key);
    let allowed = match condition.as_deref() {
        Some("nx") => current.is_none(),
        Some("xx") => current.is_some(),
        // A key without an end lasts longer than any other.
        Some("gt") => current.is_some_and(|current| moment > current),
        Some("lt") => current.is_none_or(|current| moment < current),
        _ => true,
    };
    if allowed {
        if moment <= keys.now() {
            keys.remove(key);
        } else {
            keys.set_expiry(key, Some(moment));
        }
    }
    Ok(Reply::flag(allowed))
}

pub(super) fn persist(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    let ends = keys.expiry(key).is_some();
    if ends {
        keys.set_expiry(key, None);
    }
    Ok(Reply::flag(ends))
}

pub(super) fn ttl(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::Integer(match remaining(keys, key) {
        rest @ ..0 => rest,
        rest => (rest + 500) / 1_000,
    }))
}

pub(super) fn pttl(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::Integer(remaining(keys, key)))
}

/// What is left of a key in milliseconds; -1 when it has no end, -2 when it is not there.
fn remaining(keys: &Keyspace, key: &[u8]) -> i64 {
    match keys.lifetime(key) {
        Lifetime::Absent => -2,
        Lifetime::Endless => -1,
        Lifetime::Until(expires) => i64::try_from(expires.saturating_sub(keys.now())).unwrap_or(i64::MAX),
    }
}

pub(super) fn dbsize(keys: &mut Keyspace, _: &[Bytes]) -> Outcome {
    Ok(Reply::count(keys.len()))
}

pub(super) fn flush(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    match words.first().map(|word| option(word)).as_deref() {
        None | Some("sync" | "async") => keys.clear(),
        Some(_) => return Err(Refusal::Syntax),
    }
    Ok(Reply::OK)
}

pub(super) fn time(keys: &mut Keyspace, _: &[Bytes]) -> Outcome {
    let (seconds, milliseconds) = (keys.now() / 1_000, keys.now() % 1_000);
    Ok(Reply::Array(vec![
        Reply::text(&seconds.to_string()),
        Reply::text(&(milliseconds * 1_000).to_string()),
    ]))
}
