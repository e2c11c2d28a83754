//! Commands on hashes.

use bytes::Bytes;

use super::numbers::overflow;
use super::{Keyspace, Outcome, Refusal, Reply, first, groups, integer};
use crate::redis::value::Hash;

pub(super) fn hset(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, rest) = words.split_first().ok_or(Refusal::Syntax)?;
    let pairs = groups::<2>(rest)
        .map_err(|_| Refusal::Other("ERR wrong number of arguments for 'hset' command".into()))?;
    let added = keys.change(key, |hash: &mut Hash| {
        pairs.iter().filter(|[field, value]| hash.insert(field.clone(), value.clone()).is_none()).count()
    })?;
    Ok(Reply::count(added))
}

pub(super) fn hsetnx(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, field, value] = first(words)?;
    let absent = keys.change(key, |hash: &mut Hash| {
        let absent = !hash.contains_key(field);
        if absent {
            hash.insert(field.clone(), value.clone());
        }
        absent
    })?;
    Ok(Reply::flag(absent))
}

pub(super) fn hget(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, field] = first(words)?;
    Ok(Reply::optional(keys.read::<Hash>(key)?.and_then(|hash| hash.get(field)).cloned()))
}

pub(super) fn hmget(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, fields) = words.split_first().ok_or(Refusal::Syntax)?;
    let hash = keys.read::<Hash>(key)?;
    let value = |field: &Bytes| hash.and_then(|hash| hash.get(field)).cloned();
    Ok(Reply::Array(fields.iter().map(|field| Reply::optional(value(field))).collect()))
}

pub(super) fn hgetall(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    let pairs = keys.read::<Hash>(key)?.into_iter().flatten();
    Ok(Reply::Map(
        pairs.map(|(field, value)| (Reply::Bulk(field.clone()), Reply::Bulk(value.clone()))).collect(),
    ))
}

pub(super) fn hkeys(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    let fields = keys.read::<Hash>(key)?.into_iter().flat_map(Hash::keys);
    Ok(Reply::Array(fields.map(|field| Reply::Bulk(field.clone())).collect()))
}

pub(super) fn hdel(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, fields) = words.split_first().ok_or(Refusal::Syntax)?;
    let removed = keys.change(key, |hash: &mut Hash| {
        fields.iter().filter(|field| hash.remove(field.as_ref()).is_some()).count()
    })?;
    Ok(Reply::count(removed))
}

pub(super) fn hlen(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::count(keys.read::<Hash>(key)?.map_or(0, Hash::len)))
}

pub(super) fn hexists(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, field] = first(words)?;
    Ok(Reply::flag(keys.read::<Hash>(key)?.is_some_and(|hash| hash.contains_key(field))))
}

pub(super) fn hincrby(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, field, amount] = first(words)?;
    let amount = integer(amount)?;
    let old = match keys.read::<Hash>(key)?.and_then(|hash| hash.get(field)) {
        None => 0,
        Some(value) => {
            integer(value).map_err(|_| Refusal::Other("ERR hash value is not an integer".into()))?
        }
    };
    let sum = old.checked_add(amount).ok_or_else(overflow)?;
    keys.change(key, |hash: &mut Hash| hash.insert(field.clone(), sum.to_string().into()))?;
    Ok(Reply::Integer(sum))
}
