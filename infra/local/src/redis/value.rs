//! What a key can hold.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::sorted_set::SortedSet;

/// Fields with their values.
pub(super) type Hash = HashMap<Bytes, Bytes>;

/// Distinct members.
pub(super) type Set = HashSet<Bytes>;

/// A key's value.
#[derive(Debug)]
pub(super) enum Value {
    /// Bytes, numbers among them.
    Text(Bytes),
    /// Fields with their values.
    Hash(Hash),
    /// Distinct members.
    Set(Set),
    /// Members by score.
    SortedSet(SortedSet),
}

impl Value {
    /// The name that `TYPE` gives it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::SortedSet(_) => "zset",
        }
    }
}

/// A value of many parts; a key without parts is no key.
pub(super) trait Collection: Default {
    /// Finds the collection in a value of its kind.
    fn of(value: &Value) -> Option<&Self>;
    /// Finds the collection in a value of its kind, to change it.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// Makes a value of it.
    fn into_value(self) -> Value;
    /// Says whether it has no part.
    fn is_void(&self) -> bool;
}

macro_rules! collection {
    ($kind:ident, $variant:ident, $void:expr) => {
        impl Collection for $kind {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$variant(parts) = value { Some(parts) } else { None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$variant(parts) = value { Some(parts) } else { None }
            }
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
            fn is_void(&self) -> bool {
                $void(self)
            }
        }
    };
}

collection!(Hash, Hash, HashMap::is_empty);
collection!(Set, Set, HashSet::is_empty);
collection!(SortedSet, SortedSet, |set: &SortedSet| set.len() == 0);
