//! What a log entry changes beside itself, as conditional writes of its transaction.

use aws_sdk_dynamodb::types::AttributeValue;
use parlance_application::ports::{
    conversations::{Membership, ReadCursor},
    log::RowChange,
};
use parlance_domain::{
    head::Seq,
    ids::ConversationId,
    log::{Entry, EntryBody},
    roster::Participant,
};

use crate::dynamodb::{
    attributes::{bytes_value, seq_value, text_value},
    blocks::block_item,
    body::{self, MalformedBody},
    entry::{BODY, SINCE},
    keys,
    rows::{CLOSED, TITLE, blocking_roster_item, membership_item, roster_item},
    table::{Expression, Write},
};

/// The condition of an update: the row stands at the version that the caller saw.
const IS_UNCHANGED: &str = "#since = :was";

/// Adds the writes of one change.
pub(super) fn add(
    writes: &mut Vec<Write>,
    conversation: ConversationId,
    entry: &Entry,
    change: &RowChange,
) -> Result<(), MalformedBody> {
    match change {
        RowChange::Join { user, participant } => {
            let membership = membership(conversation, entry, participant);
            writes.push(Write::Put(roster_item(conversation, user, participant), Some(Expression::absent())));
            writes.push(Write::Put(membership_item(user, &membership), None));
        }
        RowChange::Leave { user, since } => {
            writes.push(Write::Delete(keys::roster_row(conversation, user), Some(is_unchanged(*since))));
            writes.push(Write::Delete(keys::membership(user, conversation), None));
        }
        RowChange::RemoveAttachment { id } => {
            writes.push(Write::Delete(keys::attachment(*id), None));
        }
        RowChange::SetRole { user, participant, since } => {
            writes.push(Write::Put(roster_item(conversation, user, participant), Some(is_unchanged(*since))));
        }
        RowChange::SetBlock { user, other, is_blocking, participant, since } => {
            let row = if *is_blocking { blocking_roster_item } else { roster_item };
            let row = row(conversation, user, participant);
            writes.push(Write::Put(row, Some(is_unchanged(*since))));
            writes.push(if *is_blocking {
                Write::Put(block_item(user, other, entry.at), None)
            } else {
                Write::Delete(keys::block(user, other), None)
            });
        }
        RowChange::SetMessage { target, message, since } => {
            let version = message.since;
            let bytes = body::encode(&EntryBody::MessageSent((**message).clone()))?;
            let update = update(BODY, bytes_value(bytes), version, *since);
            writes.push(Write::Update(keys::entry(conversation, *target), update, IS_UNCHANGED));
        }
        RowChange::SetTitle { title, since } => {
            let update = update(TITLE, text_value(title.as_str()), entry.seq, *since);
            writes.push(Write::Update(keys::meta(conversation), update, IS_UNCHANGED));
        }
        RowChange::Close { since } => {
            let update = update(CLOSED, AttributeValue::Bool(true), entry.seq, *since);
            writes.push(Write::Update(keys::meta(conversation), update, IS_UNCHANGED));
        }
    }
    Ok(())
}

fn membership(conversation: ConversationId, entry: &Entry, participant: &Participant) -> Membership {
    let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
    Membership::new(conversation, participant.joined, cursor)
}

fn is_unchanged(since: Seq) -> Expression {
    Expression {
        text: IS_UNCHANGED,
        names: vec![("#since", SINCE)],
        values: vec![(":was", seq_value(since))],
    }
}

fn update(attribute: &'static str, value: AttributeValue, since: Seq, was: Seq) -> Expression {
    Expression {
        text: "SET #since = :since, #value = :value",
        names: vec![("#since", SINCE), ("#value", attribute)],
        values: vec![(":since", seq_value(since)), (":value", value), (":was", seq_value(was))],
    }
}
