//! Commands on plain values.
#![allow(clippy::unnecessary_wraps, reason = "all commands have one type")]

use bytes::{Bytes, BytesMut};

use super::keys::{Unit, ending};
use super::{Keyspace, Outcome, Refusal, Reply, first, groups, option};
use crate::redis::value::Value;

/// The longest value that a command may make by its offset.
const LONGEST_TEXT: usize = 512 * 1024 * 1024;

pub(super) fn get(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::optional(keys.text(key)?.cloned()))
}

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "these are Redis's own independent switches")]
struct SetOptions {
    expires: Option<u64>,
    keep: bool,
    absent: bool,
    present: bool,
    get: bool,
}

fn set_options(keys: &Keyspace, mut words: &[Bytes]) -> Result<SetOptions, Refusal> {
    let mut options = SetOptions::default();
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        let name = option(word);
        match name.as_str() {
            "nx" if !options.present => options.absent = true,
            "xx" if !options.absent => options.present = true,
            "get" => options.get = true,
            "keepttl" if options.expires.is_none() => options.keep = true,
            "ex" | "px" | "exat" | "pxat" if !options.keep && options.expires.is_none() => {
                let unit = match name.as_str() {
                    "ex" => Unit::SecondsAhead,
                    "px" => Unit::MillisecondsAhead,
                    "exat" => Unit::Seconds,
                    _ => Unit::Milliseconds,
                };
                let (amount, rest) = words.split_first().ok_or(Refusal::Syntax)?;
                words = rest;
                options.expires = Some(positive_ending(keys, amount, unit, "set")?);
            }
            _ => return Err(Refusal::Syntax),
        }
    }
    Ok(options)
}

/// The end of a key that is just being set: in Redis, never one that is past by its very number.
fn positive_ending(keys: &Keyspace, amount: &[u8], unit: Unit, command: &str) -> Result<u64, Refusal> {
    let invalid = || Refusal::Other(format!("ERR invalid expire time in '{command}' command"));
    if super::integer(amount)? <= 0 {
        return Err(invalid());
    }
    ending(keys, amount, unit)?.ok_or_else(invalid)
}

pub(super) fn set(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, value] = first(words)?;
    let options = set_options(keys, words.get(2..).unwrap_or_default())?;
    let old = if options.get { keys.text(key)?.cloned() } else { None };
    let present = keys.get(key).is_some();
    let refused = (options.absent && present) || (options.present && !present);
    if !refused {
        let expires = if options.keep { keys.expiry(key) } else { options.expires };
        keys.insert(key, Value::Text(value.clone()), expires);
    }
    Ok(match (options.get, refused) {
        (true, _) => Reply::optional(old),
        (false, true) => Reply::Nil,
        (false, false) => Reply::OK,
    })
}

pub(super) fn setex(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, seconds, value] = first(words)?;
    let expires = positive_ending(keys, seconds, Unit::SecondsAhead, "setex")?;
    keys.insert(key, Value::Text(value.clone()), Some(expires));
    Ok(Reply::OK)
}

pub(super) fn psetex(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, milliseconds, value] = first(words)?;
    let expires = positive_ending(keys, milliseconds, Unit::MillisecondsAhead, "psetex")?;
    keys.insert(key, Value::Text(value.clone()), Some(expires));
    Ok(Reply::OK)
}

pub(super) fn setnx(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, value] = first(words)?;
    let absent = keys.get(key).is_none();
    if absent {
        keys.insert(key, Value::Text(value.clone()), None);
    }
    Ok(Reply::flag(absent))
}

pub(super) fn getdel(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    let old = keys.text(key)?.cloned();
    keys.remove(key);
    Ok(Reply::optional(old))
}

pub(super) fn mget(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let held = |key: &Bytes| keys.text(key).ok().flatten().cloned();
    Ok(Reply::Array(words.iter().map(|key| Reply::optional(held(key))).collect()))
}

pub(super) fn mset(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let pairs = groups::<2>(words)
        .map_err(|_| Refusal::Other("ERR wrong number of arguments for 'mset' command".into()))?;
    for [key, value] in pairs {
        keys.insert(key, Value::Text(value.clone()), None);
    }
    Ok(Reply::OK)
}

pub(super) fn append(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, tail] = first(words)?;
    let mut text = BytesMut::from(keys.text(key)?.cloned().unwrap_or_default());
    text.extend_from_slice(tail);
    let length = text.len();
    let expires = keys.expiry(key);
    keys.insert(key, Value::Text(text.freeze()), expires);
    Ok(Reply::count(length))
}

pub(super) fn setrange(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, offset, part] = first(words)?;
    let offset = super::integer(offset)?;
    let Ok(offset) = usize::try_from(offset) else {
        return Err(Refusal::Other("ERR offset is out of range".into()));
    };
    let held = keys.text(key)?.cloned().unwrap_or_default();
    if part.is_empty() {
        return Ok(Reply::count(held.len()));
    }
    let end = offset.saturating_add(part.len());
    if end > LONGEST_TEXT {
        return Err(Refusal::Other("ERR string exceeds maximum allowed size (proto-max-bulk-len)".into()));
    }
    let mut text = BytesMut::from(held);
    if text.len() < end {
        text.resize(end, 0);
    }
    if let Some(place) = text.get_mut(offset..end) {
        place.copy_from_slice(part);
    }
    let length = text.len();
    let expires = keys.expiry(key);
    keys.insert(key, Value::Text(text.freeze()), expires);
    Ok(Reply::count(length))
}

pub(super) fn strlen(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::count(keys.text(key)?.map_or(0, Bytes::len)))
}
