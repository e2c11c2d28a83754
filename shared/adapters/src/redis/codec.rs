//! What is kept in Redis and sent through it, as CBOR maps with integer keys: two versions of the code may meet in one Redis.

mod broadcast;
mod roster;

use minicbor::{Decode, Encode};
use parlance_application::ports::conversations::ReadCursor;
use parlance_domain::{
    connection::{Connection, SocketScope},
    head::{Head, Seq},
    ids::{ConnectionId, ConversationId, UserId},
    roster::RosterSum,
    signal::{Presence, PresenceStatus},
    time::Timestamp,
};

pub(super) use self::{
    broadcast::{decode_broadcast, encode_broadcast},
    roster::{decode_roster, encode_roster},
};

#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedHead {
    #[n(0)]
    seq: u64,
    #[n(1)]
    n: u64,
    #[n(2)]
    roster_version: u64,
    #[n(3)]
    roster_sum: u64,
    #[n(4)]
    last_message: Option<u64>,
    #[n(5)]
    at: u64,
}

pub(super) fn encode_head(head: &Head) -> Vec<u8> {
    encode(CachedHead {
        seq: head.seq.get(),
        n: head.n,
        roster_version: head.roster_version.get(),
        roster_sum: head.roster_sum.get(),
        last_message: head.last_message.map(Seq::get),
        at: head.at.as_millis(),
    })
}

pub(super) fn decode_head(bytes: &[u8]) -> Option<Head> {
    let head: CachedHead = minicbor::decode(bytes).ok()?;
    Some(Head {
        seq: Seq::new(head.seq)?,
        n: head.n,
        roster_version: Seq::new(head.roster_version)?,
        roster_sum: RosterSum::new(head.roster_sum),
        last_message: head.last_message.and_then(Seq::new),
        at: Timestamp::from_millis(head.at),
    })
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedCursor {
    #[n(0)]
    seq: u64,
    #[n(1)]
    n: u64,
    #[n(2)]
    at: u64,
}

pub(super) fn encode_cursor(cursor: &ReadCursor) -> Vec<u8> {
    encode(CachedCursor { seq: cursor.seq.get(), n: cursor.n, at: cursor.at.as_millis() })
}

pub(super) fn decode_cursor(bytes: &[u8]) -> Option<ReadCursor> {
    let cursor: CachedCursor = minicbor::decode(bytes).ok()?;
    Some(ReadCursor { seq: Seq::new(cursor.seq)?, n: cursor.n, at: Timestamp::from_millis(cursor.at) })
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct MovedCursor {
    #[n(0)]
    cursor: CachedCursor,
    #[n(1)]
    noted_at: u64,
}

pub(super) fn encode_moved(cursor: &ReadCursor, noted_at: Timestamp) -> Vec<u8> {
    let cursor = CachedCursor { seq: cursor.seq.get(), n: cursor.n, at: cursor.at.as_millis() };
    encode(MovedCursor { cursor, noted_at: noted_at.as_millis() })
}

pub(super) fn decode_moved(bytes: &[u8]) -> Option<(ReadCursor, Timestamp)> {
    let MovedCursor { cursor, noted_at } = minicbor::decode(bytes).ok()?;
    let CachedCursor { seq, n, at } = cursor;
    let cursor = ReadCursor { seq: Seq::new(seq)?, n, at: Timestamp::from_millis(at) };
    Some((cursor, Timestamp::from_millis(noted_at)))
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedConnection {
    #[n(0)]
    expires_at: u64,
    #[n(1)]
    opened_at: u64,
    /// 0 messaging, 1 one conversation, 2 its typing, 3 presence.
    #[n(2)]
    scope: u8,
    #[n(3)]
    conversation: Option<minicbor::bytes::ByteArray<16>>,
}

pub(super) fn encode_connection(connection: &Connection) -> Vec<u8> {
    encode(CachedConnection {
        expires_at: connection.expires_at.as_millis(),
        opened_at: connection.opened_at.as_millis(),
        scope: match connection.scope {
            SocketScope::Messaging => 0,
            SocketScope::Conversation(_) => 1,
            SocketScope::Typing(_) => 2,
            SocketScope::Presence => 3,
        },
        conversation: connection.scope.conversation().map(|id| (*id.as_bytes()).into()),
    })
}

pub(super) fn decode_connection(user: &UserId, id: &[u8], bytes: &[u8]) -> Option<Connection> {
    let connection: CachedConnection = minicbor::decode(bytes).ok()?;
    let conversation = connection.conversation.map(|id| ConversationId::from_bytes(id.into()));
    Some(Connection {
        id: ConnectionId::parse(std::str::from_utf8(id).ok()?).ok()?,
        user: user.clone(),
        scope: match (connection.scope, conversation) {
            (0, _) => SocketScope::Messaging,
            (1, Some(id)) => SocketScope::Conversation(id),
            (2, Some(id)) => SocketScope::Typing(id),
            (3, _) => SocketScope::Presence,
            _ => return None,
        },
        expires_at: Timestamp::from_millis(connection.expires_at),
        opened_at: Timestamp::from_millis(connection.opened_at),
    })
}

/// A socket among those that watch somebody, who is not its owner.
#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedWatcher<'b> {
    #[b(0)]
    user: &'b str,
    #[b(1)]
    connection: &'b minicbor::bytes::ByteSlice,
}

pub(super) fn encode_watcher(connection: &Connection) -> Vec<u8> {
    let encoded = encode_connection(connection);
    encode(CachedWatcher { user: connection.user.as_str(), connection: encoded.as_slice().into() })
}

pub(super) fn decode_watcher(id: &[u8], bytes: &[u8]) -> Option<Connection> {
    let watcher: CachedWatcher<'_> = minicbor::decode(bytes).ok()?;
    decode_connection(&UserId::parse(watcher.user).ok()?, id, watcher.connection)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedPresence<'b> {
    #[b(0)]
    status: &'b str,
    #[b(1)]
    text: Option<&'b str>,
    #[n(2)]
    last_seen_at: Option<u64>,
}

pub(super) fn encode_presence(presence: &Presence) -> Vec<u8> {
    encode(CachedPresence {
        status: presence.status.as_str(),
        text: presence.text.as_deref(),
        last_seen_at: presence.last_seen_at.map(Timestamp::as_millis),
    })
}

pub(super) fn decode_presence(bytes: &[u8]) -> Option<Presence> {
    let presence: CachedPresence<'_> = minicbor::decode(bytes).ok()?;
    Some(Presence {
        status: PresenceStatus::parse(presence.status)?,
        text: presence.text.map(str::to_owned),
        last_seen_at: presence.last_seen_at.map(Timestamp::from_millis),
    })
}

/// Writing plain data to memory cannot fail; what does not decode is a miss anyway.
fn encode<T: Encode<()>>(value: T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
