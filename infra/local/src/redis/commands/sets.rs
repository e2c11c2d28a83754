//! Commands on sets.

use bytes::Bytes;

use super::{Keyspace, Outcome, Refusal, Reply, first};
use crate::redis::value::Set;

pub(super) fn sadd(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, members) = words.split_first().ok_or(Refusal::Syntax)?;
    let added = keys
        .change(key, |set: &mut Set| members.iter().filter(|member| set.insert((*member).clone())).count())?;
    Ok(Reply::count(added))
}

pub(super) fn srem(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let (key, members) = words.split_first().ok_or(Refusal::Syntax)?;
    let removed = keys
        .change(key, |set: &mut Set| members.iter().filter(|member| set.remove(member.as_ref())).count())?;
    Ok(Reply::count(removed))
}

pub(super) fn smembers(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    let members = keys.read::<Set>(key)?.into_iter().flatten();
    Ok(Reply::Set(members.map(|member| Reply::Bulk(member.clone())).collect()))
}

pub(super) fn sismember(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key, member] = first(words)?;
    Ok(Reply::flag(keys.read::<Set>(key)?.is_some_and(|set| set.contains(member))))
}

pub(super) fn scard(keys: &mut Keyspace, words: &[Bytes]) -> Outcome {
    let [key] = first(words)?;
    Ok(Reply::count(keys.read::<Set>(key)?.map_or(0, Set::len)))
}
