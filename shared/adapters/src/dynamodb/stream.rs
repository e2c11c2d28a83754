//! The table's stream: which of its records is a new log entry, and what it says.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use data_encoding::BASE64;
use parlance_domain::{
    ids::{AttachmentId, ConversationId},
    log::Entry,
};
use serde_json::Value;

use super::{
    attributes::{Item, MalformedItem, text},
    entry::from_item,
    keys,
};

/// A log entry that has just been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLogEntry {
    /// Whose log.
    pub conversation: ConversationId,
    /// The entry as it was written.
    pub entry: Entry,
}

/// A record that should be a log entry and is not.
#[derive(Debug, thiserror::Error)]
#[error("a record of the stream cannot be read")]
pub struct UnreadableRecord(#[source] MalformedItem);

/// The new log entry in one record of a stream event; `None` for changes (an edit is no entry), removals and other rows.
pub fn new_log_entry(record: &Value) -> Result<Option<NewLogEntry>, UnreadableRecord> {
    if record.get("eventName").and_then(Value::as_str) != Some("INSERT") {
        return Ok(None);
    }
    let Some(image) = record.pointer("/dynamodb/NewImage").and_then(Value::as_object) else {
        return Ok(None);
    };
    let item: Item =
        image.iter().filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect();
    let conversation = text(&item, keys::PARTITION).and_then(keys::conversation_of);
    let is_entry = text(&item, keys::SORT).is_some_and(|sort| sort.starts_with(keys::LOG));
    match conversation {
        Some(conversation) if is_entry => {
            let entry = from_item(&item).map_err(UnreadableRecord)?;
            Ok(Some(NewLogEntry { conversation, entry }))
        }
        _ => Ok(None),
    }
}

/// The attachment whose row one record of a stream event tells the end of, whoever or whatever deleted it; `None` for other rows.
pub fn removed_attachment(record: &Value) -> Option<AttachmentId> {
    if record.get("eventName").and_then(Value::as_str) != Some("REMOVE") {
        return None;
    }
    keys::attachment_of(record.pointer("/dynamodb/Keys/pk/S")?.as_str()?)
}

/// The types of attribute that log entries have.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let value = value.as_str()?;
    match kind.as_str() {
        "S" => Some(AttributeValue::S(value.to_owned())),
        "N" => Some(AttributeValue::N(value.to_owned())),
        "B" => BASE64.decode(value.as_bytes()).ok().map(Blob::new).map(AttributeValue::B),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use parlance_domain::{
        head::Seq,
        ids::UserId,
        log::{EntryBody, MessageKey},
        message::{Message, MessageBody},
        roster::RosterSum,
        time::Timestamp,
    };
    use serde_json::json;

    use super::{super::entry::to_item, *};

    fn record(name: &str, item: &Item) -> Value {
        let image: serde_json::Map<_, _> = item
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    AttributeValue::S(text) => json!({"S": text}),
                    AttributeValue::N(digits) => json!({"N": digits}),
                    AttributeValue::B(bytes) => json!({"B": BASE64.encode(bytes.as_ref())}),
                    other => unreachable!("no entry holds {other:?}"),
                };
                (name.clone(), value)
            })
            .collect();
        json!({"eventName": name, "dynamodb": {"NewImage": image}})
    }

    #[test]
    fn only_an_inserted_entry_is_news() {
        let conversation = ConversationId::from_bytes([4; 16]);
        let seq = Seq::new(9).unwrap();
        let entry = Entry {
            seq,
            n: 3,
            roster_version: Seq::FIRST,
            roster_sum: RosterSum::new(5),
            at: Timestamp::from_millis(10),
            actor: UserId::parse("alice").unwrap(),
            last_message: Some(seq),
            key: Some(MessageKey::Invocation([1; 16])),
            body: EntryBody::MessageSent(Message::sent(MessageBody::default(), seq)),
        };
        let mut item = to_item(conversation, &entry).unwrap();
        let news = new_log_entry(&record("INSERT", &item)).unwrap();
        assert_eq!(news, Some(NewLogEntry { conversation, entry }));
        assert_eq!(new_log_entry(&record("MODIFY", &item)).unwrap(), None);
        item.insert("body".into(), AttributeValue::S("no".into()));
        assert!(new_log_entry(&record("INSERT", &item)).is_err());
        item.insert("sk".into(), AttributeValue::S("U#alice".into()));
        assert_eq!(new_log_entry(&record("INSERT", &item)).unwrap(), None);
    }
}
