//! Commands that count.

use bytes::Bytes;

use super::{Keyspace, Outcome, Refusal, Reply, first, integer};
use crate::redis::value::Value;

/// What a sum too large for a number is refused with.
pub(super) fn overflow() -> Refusal {
    Refusal::Other("ERR increment or decrement would overflow".into())
}

pub(super) fn incr(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    add(keys, key, 1)
}

pub(super) fn decr(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    add(keys, key, -1)
}

pub(super) fn incrby(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, amount] = first(words)?;
    add(keys, key, integer(amount)?)
}

pub(super) fn decrby(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, amount] = first(words)?;
    let amount = integer(amount)?
        .checked_neg()
        .ok_or_else(|| Refusal::Other("ERR decrement would overflow".into()))?;
    add(keys, key, amount)
}

fn add(keys: &mut Keyspace, key: &Bytes, amount: i64) -> Outcome {
    let old = keys.text(key)?.map_or(Ok(0), |text| integer(text))?;
    let sum = old.checked_add(amount).ok_or_else(overflow)?;
    let expires = keys.expiry(key);
    keys.insert(key, Value::Text(sum.to_string().into()), expires);
    Ok(Reply::Integer(sum))
}
