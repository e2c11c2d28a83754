//! Conversations, rosters and memberships as items.

use aws_sdk_dynamodb::types::AttributeValue;
use parlance_application::ports::conversations::{Membership, ReadCursor};
use parlance_domain::{
    conversation::{Conversation, ConversationKind, History, Reference, Title},
    ids::{ConversationId, UserId},
    permissions::Role,
    roster::Participant,
};

use super::{
    attributes::{
        Item, ItemBuilder, MalformedItem, need_number, need_seq, need_text, need_time, number_value,
        seq_value, text, text_value, time_value,
    },
    entry::SINCE,
    keys,
};

/// How far a member has read.
pub const READ_SEQ: &str = "read_seq";
/// The ordinal of that entry.
pub const READ_N: &str = "read_n";
/// When he had.
pub const READ_AT: &str = "read_at";
/// What people call the conversation.
pub const TITLE: &str = "title";
/// With whom the membership of a direct conversation is; absent in others.
pub const PEER: &str = "peer";
/// Whether the conversation was deleted; absent otherwise.
pub const CLOSED: &str = "closed";

const KIND: &str = "kind";
const REFERENCE_KIND: &str = "ref_type";
const REFERENCE_ID: &str = "ref_id";
const CREATED_BY: &str = "created_by";
const CREATED_AT: &str = "created_at";
const HISTORY: &str = "history";
/// Whether a member does not want to be disturbed by the conversation.
pub const MUTED: &str = "muted";
/// Whether a member does not want to see the conversation among the others.
pub const ARCHIVED: &str = "archived";

/// Whether somebody blocks the other one of a direct conversation; absent otherwise.
const BLOCKS: &str = "blocks";
const ROLE: &str = "role";
const JOINED: &str = "joined";

/// The item of a conversation's own data.
pub fn conversation_item(conversation: &Conversation) -> Item {
    let reference = conversation.reference.as_ref();
    ItemBuilder::new(keys::meta(conversation.id))
        .with(KIND, text_value(conversation.kind.as_str()))
        .with_some(TITLE, conversation.title.as_ref().map(|title| text_value(title.as_str())))
        .with_some(REFERENCE_KIND, reference.map(|reference| text_value(&*reference.kind)))
        .with_some(REFERENCE_ID, reference.map(|reference| text_value(&*reference.id)))
        .with(CREATED_BY, text_value(conversation.created_by.as_str()))
        .with(CREATED_AT, time_value(conversation.created_at))
        .with(HISTORY, text_value(conversation.history.as_str()))
        .with(SINCE, seq_value(conversation.since))
        .build()
}

/// The conversation of an item.
pub fn conversation_of(item: &Item) -> Result<Conversation, MalformedItem> {
    let reference = match (text(item, REFERENCE_KIND), text(item, REFERENCE_ID)) {
        (Some(kind), Some(id)) => Some(Reference { kind: kind.into(), id: id.into() }),
        _ => None,
    };
    let id = keys::conversation_of(need_text(item, keys::PARTITION)?);
    Ok(Conversation {
        id: id.ok_or(MalformedItem { attribute: keys::PARTITION })?,
        kind: ConversationKind::parse(need_text(item, KIND)?).ok_or(MalformedItem { attribute: KIND })?,
        title: text(item, TITLE).map(|title| Title::from_stored(title.to_owned())),
        reference,
        created_by: UserId::parse(need_text(item, CREATED_BY)?)
            .map_err(|_| MalformedItem { attribute: CREATED_BY })?,
        created_at: need_time(item, CREATED_AT)?,
        history: History::parse(need_text(item, HISTORY)?).ok_or(MalformedItem { attribute: HISTORY })?,
        since: need_seq(item, SINCE)?,
    })
}

/// The item of a roster's row.
pub fn roster_item(conversation: ConversationId, user: &UserId, participant: &Participant) -> Item {
    ItemBuilder::new(keys::roster_row(conversation, user))
        .with(ROLE, text_value(participant.role.as_str()))
        .with(JOINED, seq_value(participant.joined))
        .with(SINCE, seq_value(participant.since))
        .build()
}

/// The same of somebody who blocks the other one of a direct conversation.
pub fn blocking_roster_item(conversation: ConversationId, user: &UserId, participant: &Participant) -> Item {
    let mut item = roster_item(conversation, user, participant);
    item.insert(BLOCKS.to_owned(), AttributeValue::Bool(true));
    item
}

/// Whether a roster's row says that its user blocks the other one.
pub fn is_blocking(item: &Item) -> bool {
    is_on(item, BLOCKS)
}

/// The roster's row of an item.
pub fn roster_row_of(item: &Item) -> Result<(UserId, Participant), MalformedItem> {
    let user = keys::user_of(need_text(item, keys::SORT)?).ok_or(MalformedItem { attribute: keys::SORT })?;
    let participant = Participant {
        role: Role::parse(need_text(item, ROLE)?).ok_or(MalformedItem { attribute: ROLE })?,
        joined: need_seq(item, JOINED)?,
        since: need_seq(item, SINCE)?,
    };
    Ok((user, participant))
}

fn is_on(item: &Item, setting: &str) -> bool {
    item.get(setting).and_then(|value| value.as_bool().ok()) == Some(&true)
}

/// The item of a membership: of somebody who has just come, so without his settings.
pub fn membership_item(user: &UserId, membership: &Membership) -> Item {
    ItemBuilder::new(keys::membership(user, membership.conversation))
        .with(JOINED, seq_value(membership.joined))
        .with(READ_SEQ, seq_value(membership.cursor.seq))
        .with(READ_N, number_value(membership.cursor.n))
        .with(READ_AT, time_value(membership.cursor.at))
        .build()
}

/// The other one of a direct conversation, if the membership is one.
pub fn peer_of(item: &Item) -> Option<(ConversationId, UserId)> {
    let conversation = keys::conversation_of(text(item, keys::SORT)?)?;
    Some((conversation, UserId::parse(text(item, PEER)?).ok()?))
}

/// The membership of an item.
pub fn membership_of(item: &Item) -> Result<Membership, MalformedItem> {
    let conversation = keys::conversation_of(need_text(item, keys::SORT)?);
    Ok(Membership {
        conversation: conversation.ok_or(MalformedItem { attribute: keys::SORT })?,
        joined: need_seq(item, JOINED)?,
        cursor: ReadCursor {
            seq: need_seq(item, READ_SEQ)?,
            n: need_number(item, READ_N)?,
            at: need_time(item, READ_AT)?,
        },
        is_muted: is_on(item, MUTED),
        is_archived: is_on(item, ARCHIVED),
    })
}
