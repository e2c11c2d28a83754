//! Batches: up to ten entries, each of which succeeds or fails by itself.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::refusal::Refusal;

/// The most entries of one batch.
const MOST_ENTRIES: usize = 10;

/// An entry of a batch.
pub(super) trait Entry {
    /// The id that the caller tells entries apart by.
    fn id(&self) -> &str;
}

/// Runs each entry; answers with those that succeeded and those that failed.
pub(super) fn run<E: Entry>(
    entries: &[E],
    mut each: impl FnMut(&E) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    if entries.is_empty() {
        return Err(Refusal::EmptyBatch);
    }
    if entries.len() > MOST_ENTRIES {
        return Err(Refusal::TooManyEntries);
    }
    if entries.iter().map(Entry::id).collect::<HashSet<_>>().len() < entries.len() {
        return Err(Refusal::EntryIdsNotDistinct);
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match each(entry) {
            Ok(mut done) => {
                if let Some(done) = done.as_object_mut() {
                    done.insert("Id".into(), entry.id().into());
                }
                successful.push(done);
            }
            Err(refusal) => failed.push(json!({
                "Id": entry.id(),
                "Code": refusal.query_name(),
                "Message": refusal.message(),
                "SenderFault": refusal.status() < 500,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}
