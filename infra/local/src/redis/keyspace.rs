//! The keys, their values, and when they end.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

use super::commands::Refusal;
use super::value::{Collection, Value};

#[derive(Debug)]
struct Entry {
    value: Value,
    expires: Option<u64>,
}

/// Whether and when a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// There is no such key.
    Absent,
    /// It has no end.
    Endless,
    /// It ends then.
    Until(u64),
}

/// All keys. Times are milliseconds since 1970; a key whose time has come is gone for every reader.
#[derive(Debug, Default)]
pub(super) struct Keyspace {
    entries: HashMap<Bytes, Entry>,
    expiries: BTreeSet<(u64, Bytes)>,
    now: u64,
}

impl Keyspace {
    /// Sets the clock.
    pub(super) fn advance_to(&mut self, now: u64) {
        self.now = now;
    }

    /// The time.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Removes what has expired.
    pub(super) fn sweep(&mut self) {
        while let Some((expires, key)) = self.expiries.first() {
            if *expires > self.now {
                return;
            }
            self.entries.remove(key);
            self.expiries.pop_first();
        }
    }

    /// Removes everything.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.expiries.clear();
    }

    /// How many keys there are.
    pub(super) fn len(&mut self) -> usize {
        self.sweep();
        self.entries.len()
    }

    /// A key's value.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        let entry = self.entries.get(key)?;
        entry.expires.is_none_or(|expires| expires > self.now).then_some(&entry.value)
    }

    /// Says whether and when a key ends.
    pub(super) fn lifetime(&self, key: &[u8]) -> Lifetime {
        match self.entries.get(key).map(|entry| entry.expires) {
            Some(None) => Lifetime::Endless,
            Some(Some(expires)) if expires > self.now => Lifetime::Until(expires),
            Some(Some(_)) | None => Lifetime::Absent,
        }
    }

    /// When a key ends, if it does.
    pub(super) fn expiry(&self, key: &[u8]) -> Option<u64> {
        if let Lifetime::Until(expires) = self.lifetime(key) { Some(expires) } else { None }
    }

    /// Gives a key a value and an end.
    pub(super) fn insert(&mut self, key: &Bytes, value: Value, expires: Option<u64>) {
        self.remove(key);
        if let Some(expires) = expires {
            self.expiries.insert((expires, key.clone()));
        }
        self.entries.insert(key.clone(), Entry { value, expires });
    }

    /// Removes a key; answers its value if it was there.
    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let (key, entry) = self.entries.remove_entry(key)?;
        let mut alive = true;
        if let Some(expires) = entry.expires {
            self.expiries.remove(&(expires, key));
            alive = expires > self.now;
        }
        alive.then_some(entry.value)
    }

    /// Gives a key that is there another end, or none.
    pub(super) fn set_expiry(&mut self, key: &Bytes, expires: Option<u64>) {
        if let Some(value) = self.remove(key) {
            self.insert(key, value, expires);
        }
    }

    /// The bytes that a key holds.
    pub(super) fn text(&self, key: &[u8]) -> Result<Option<&Bytes>, Refusal> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::WrongType),
        }
    }

    /// The collection that a key holds.
    pub(super) fn read<C: Collection>(&self, key: &[u8]) -> Result<Option<&C>, Refusal> {
        self.get(key).map(|value| C::of(value).ok_or(Refusal::WrongType)).transpose()
    }

    /// Changes the collection that a key holds, an empty one if it holds none; the end of the key stays.
    pub(super) fn change<C: Collection, T>(
        &mut self,
        key: &Bytes,
        change: impl FnOnce(&mut C) -> T,
    ) -> Result<T, Refusal> {
        if self.get(key).is_none() {
            self.remove(key);
            let mut parts = C::default();
            let result = change(&mut parts);
            if !parts.is_void() {
                self.insert(key, parts.into_value(), None);
            }
            return Ok(result);
        }
        let held = self.entries.get_mut(key).and_then(|entry| C::of_mut(&mut entry.value));
        let parts = held.ok_or(Refusal::WrongType)?;
        let result = change(parts);
        if parts.is_void() {
            self.remove(key);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Set;
    use super::*;

    fn text(text: &'static str) -> Value {
        Value::Text(Bytes::from(text))
    }

    #[test]
    fn a_key_is_gone_when_its_time_has_come() {
        let mut keys = Keyspace::default();
        let key = Bytes::from("k");
        keys.insert(&key, text("v"), Some(100));
        keys.advance_to(99);
        assert!(keys.get(&key).is_some());
        keys.advance_to(100);
        assert!(keys.get(&key).is_none());
        assert!(keys.remove(&key).is_none());
        keys.insert(&key, text("v"), Some(200));
        keys.advance_to(300);
        assert_eq!(keys.len(), 0);
    }

    #[test]
    fn a_collection_without_parts_is_no_key() {
        let mut keys = Keyspace::default();
        let key = Bytes::from("s");
        keys.change(&key, |set: &mut Set| set.insert(Bytes::from("a"))).unwrap();
        assert_eq!(keys.len(), 1);
        keys.change(&key, |set: &mut Set| set.remove(b"a".as_slice())).unwrap();
        assert_eq!(keys.len(), 0);
    }

    #[test]
    fn another_value_ends_the_old_expiry() {
        let mut keys = Keyspace::default();
        let key = Bytes::from("k");
        keys.insert(&key, text("old"), Some(100));
        keys.insert(&key, text("new"), None);
        keys.advance_to(1_000);
        keys.sweep();
        assert!(keys.get(&key).is_some());
    }
}
