//! A log entry as an item: small attributes for what conditions and streams need, one binary attribute for the rest.

use aws_sdk_dynamodb::types::AttributeValue;
use parlance_domain::{
    head::Seq,
    ids::{ClientMessageId, ConversationId, UserId},
    log::{Entry, EntryBody, MessageKey},
    roster::RosterSum,
};

use super::{
    attributes::{
        Item, ItemBuilder, MalformedItem, bytes_value, need_number, need_seq, need_text, need_time, number,
        number_value, seq_value, text_value, time_value,
    },
    body::{self, MalformedBody},
    keys,
};

/// The version of a row: the entry that last changed it.
pub const SINCE: &str = "since";
/// What the entry says.
pub const BODY: &str = "body";

const COUNT: &str = "n";
const ROSTER_VERSION: &str = "rv";
const ROSTER_SUM: &str = "rs";
const LAST_MESSAGE: &str = "lm";
const AT: &str = "at";
const ACTOR: &str = "by";
const KEY: &str = "key";

/// The item of an entry.
pub fn to_item(conversation: ConversationId, entry: &Entry) -> Result<Item, MalformedBody> {
    Ok(ItemBuilder::new(keys::entry(conversation, entry.seq))
        .with(COUNT, number_value(entry.n))
        .with(ROSTER_VERSION, seq_value(entry.roster_version))
        .with(ROSTER_SUM, number_value(entry.roster_sum.get()))
        .with_some(LAST_MESSAGE, entry.last_message.map(seq_value))
        .with(AT, time_value(entry.at))
        .with(ACTOR, text_value(entry.actor.as_str()))
        .with_some(KEY, entry.key.as_ref().map(key_value))
        .with(SINCE, seq_value(since(entry)))
        .with(BODY, bytes_value(body::encode(&entry.body)?))
        .build())
}

/// The entry of an item.
pub fn from_item(item: &Item) -> Result<Entry, MalformedItem> {
    let seq = keys::seq_of(need_text(item, keys::SORT)?).ok_or(MalformedItem { attribute: keys::SORT })?;
    let bytes =
        item.get(BODY).and_then(|value| value.as_b().ok()).ok_or(MalformedItem { attribute: BODY })?;
    let body = body::decode(bytes.as_ref(), need_seq(item, SINCE)?)
        .map_err(|MalformedBody| MalformedItem { attribute: BODY })?;
    Ok(Entry {
        seq,
        n: need_number(item, COUNT)?,
        roster_version: need_seq(item, ROSTER_VERSION)?,
        roster_sum: RosterSum::new(need_number(item, ROSTER_SUM)?),
        at: need_time(item, AT)?,
        actor: UserId::parse(need_text(item, ACTOR)?).map_err(|_| MalformedItem { attribute: ACTOR })?,
        last_message: number(item, LAST_MESSAGE).and_then(Seq::new),
        key: item.get(KEY).map(key_of).transpose()?,
        body,
    })
}

fn since(entry: &Entry) -> Seq {
    match &entry.body {
        EntryBody::MessageSent(message) => message.since,
        _ => entry.seq,
    }
}

/// The client's own id is a text, one that was drawn for an invocation is bytes.
fn key_value(key: &MessageKey) -> AttributeValue {
    match key {
        MessageKey::Client(id) => text_value(id.as_str()),
        MessageKey::Invocation(bytes) => bytes_value(bytes.to_vec()),
    }
}

fn key_of(value: &AttributeValue) -> Result<MessageKey, MalformedItem> {
    let key = match value {
        AttributeValue::S(text) => ClientMessageId::parse(text).ok().map(MessageKey::Client),
        AttributeValue::B(bytes) => bytes.as_ref().try_into().ok().map(MessageKey::Invocation),
        _ => None,
    };
    key.ok_or(MalformedItem { attribute: KEY })
}

#[cfg(test)]
mod tests;
