//! Every key of both tables: which entity lies where, spelled in this one place.

use parlance_domain::{
    head::Seq,
    ids::{AttachmentId, ClientMessageId, ConnectionId, ConversationId, UserId, WebhookId},
};

use super::attributes::{Item, text, text_value};

/// The partition key's attribute.
pub const PARTITION: &str = "pk";
/// The sort key's attribute.
pub const SORT: &str = "sk";
/// What the sort key of a log entry begins with.
pub const LOG: &str = "M#";
/// What the sort key of a roster row, and the partition key of what is a user's own, begins with.
pub const USER: &str = "U#";
/// What the partition key of a conversation, and the sort key of a membership, begins with.
pub const CONVERSATION: &str = "C#";
/// What the sort key of a connection begins with.
pub const CONNECTION: &str = "K#";

/// The partition of all webhooks, of which there are few.
pub const WEBHOOKS: &str = "W#";
/// What the sort key of a webhook, its id, begins with.
pub const WEBHOOK: &str = "w_";
/// What the partition key of an attachment begins with.
pub const ATTACHMENT: &str = "A#";
/// What the sort key of a block begins with.
pub const BLOCK: &str = "B#";

const META: &str = "#META";
const PRESENCE: &str = "#PRESENCE";
const PROFILE: &str = "#P";
const ONLY: &str = "#";

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The partition.
    pub partition: String,
    /// The place in it.
    pub sort: String,
}

impl Key {
    /// The key as an item of its own.
    pub fn into_item(self) -> Item {
        Item::from([(PARTITION.into(), text_value(self.partition)), (SORT.into(), text_value(self.sort))])
    }

    /// The key of an item, where it has one.
    pub fn of(item: &Item) -> Option<Self> {
        Some(Self { partition: text(item, PARTITION)?.to_owned(), sort: text(item, SORT)?.to_owned() })
    }
}

/// The partition of a conversation: its own data, its log and its roster.
pub fn conversation_partition(id: ConversationId) -> String {
    format!("{CONVERSATION}{id}")
}

/// The partition of a user: his memberships in one table, his connections in the other.
pub fn user_partition(user: &UserId) -> String {
    format!("{USER}{}", escape(user.as_str()))
}

/// The sort key of a position; `position` 0 lies before the first entry.
pub fn log_position(position: u64) -> String {
    format!("{LOG}{position:012}")
}

/// A log entry.
pub fn entry(conversation: ConversationId, seq: Seq) -> Key {
    Key { partition: conversation_partition(conversation), sort: log_position(seq.get()) }
}

/// A conversation's own data.
pub fn meta(conversation: ConversationId) -> Key {
    Key { partition: conversation_partition(conversation), sort: META.into() }
}

/// A row of a roster.
pub fn roster_row(conversation: ConversationId, user: &UserId) -> Key {
    Key { partition: conversation_partition(conversation), sort: user_partition(user) }
}

/// A user's membership.
pub fn membership(user: &UserId, conversation: ConversationId) -> Key {
    Key { partition: user_partition(user), sort: conversation_partition(conversation) }
}

/// What is known of a user beside his conversations.
pub fn profile(user: &UserId) -> Key {
    Key { partition: user_partition(user), sort: PROFILE.into() }
}

/// That somebody blocks somebody else.
pub fn block(user: &UserId, other: &UserId) -> Key {
    Key { partition: user_partition(user), sort: format!("{BLOCK}{}", escape(other.as_str())) }
}

/// The row that remembers a message's key for a day.
pub fn sent_message(user: &UserId, conversation: ConversationId, client_id: &ClientMessageId) -> Key {
    let (user, client_id) = (escape(user.as_str()), escape(client_id.as_str()));
    Key { partition: format!("I#{user}#{conversation}#{client_id}"), sort: ONLY.into() }
}

/// The row that remembers what a request with a key of the client's was answered.
pub fn keyed_request(user: &UserId, route: &str, key: &ClientMessageId) -> Key {
    let (user, route, key) = (escape(user.as_str()), escape(route), escape(key.as_str()));
    Key { partition: format!("I#{user}#{route}#{key}"), sort: ONLY.into() }
}

/// The key set of an issuer of tokens.
pub fn signing_keys(issuer: &str) -> Key {
    Key { partition: format!("J#{}", escape(issuer)), sort: ONLY.into() }
}

/// A connection.
pub fn connection(user: &UserId, id: &ConnectionId) -> Key {
    Key { partition: user_partition(user), sort: format!("{CONNECTION}{}", escape(id.as_str())) }
}

/// What a user chose to be shown as, and when he was last seen.
pub fn presence(user: &UserId) -> Key {
    Key { partition: user_partition(user), sort: PRESENCE.into() }
}

/// A ticket, by the hash of its secret.
pub fn ticket(hash: &str) -> Key {
    Key { partition: format!("T#{hash}"), sort: ONLY.into() }
}

/// An attachment.
pub fn attachment(id: AttachmentId) -> Key {
    Key { partition: format!("{ATTACHMENT}{id}"), sort: ONLY.into() }
}

/// The attachment whose partition a key names.
pub fn attachment_of(key: &str) -> Option<AttachmentId> {
    AttachmentId::parse(key.strip_prefix(ATTACHMENT)?).ok()
}

/// A webhook.
pub fn webhook(id: WebhookId) -> Key {
    Key { partition: WEBHOOKS.into(), sort: id.to_string() }
}

/// The user whose partition or roster row a key names.
pub fn user_of(key: &str) -> Option<UserId> {
    UserId::parse(&unescape(key.strip_prefix(USER)?)).ok()
}

/// The user whom a block's sort key names.
pub fn blocked_of(key: &str) -> Option<UserId> {
    UserId::parse(&unescape(key.strip_prefix(BLOCK)?)).ok()
}

/// The conversation whose partition or membership a key names.
pub fn conversation_of(key: &str) -> Option<ConversationId> {
    ConversationId::parse(key.strip_prefix(CONVERSATION)?).ok()
}

/// The connection that a sort key names.
pub fn connection_of(key: &str) -> Option<ConnectionId> {
    ConnectionId::parse(&unescape(key.strip_prefix(CONNECTION)?)).ok()
}

/// The position that a sort key names.
pub fn seq_of(key: &str) -> Option<Seq> {
    key.strip_prefix(LOG)?.parse().ok().and_then(Seq::new)
}

/// Keeps an id from being read as two: `#` separates the parts of a key.
fn escape(id: &str) -> String {
    id.replace('%', "%25").replace('#', "%23")
}

fn unescape(part: &str) -> String {
    part.replace("%23", "#").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_comes_back_out_of_its_key(text in "[#%0-9a-zé]{1,20}") {
            let user = UserId::parse(&text).unwrap();
            prop_assert_eq!(user_of(&user_partition(&user)), Some(user.clone()));
            prop_assert!(!user_partition(&user)[2..].contains('#'));
        }
    }

    #[test]
    fn two_people_never_share_the_row_of_a_message() {
        let conversation = ConversationId::from_bytes([1; 16]);
        let key = |user: &str, client: &str| {
            let client = ClientMessageId::parse(client).unwrap();
            sent_message(&UserId::parse(user).unwrap(), conversation, &client)
        };
        assert_ne!(key("a", "b"), key("a#", "b"));
        assert_ne!(key("a%23", "b"), key("a#", "b"));
        assert_ne!(key("a", "b#c"), key("a", "b%23c"));
    }

    #[test]
    fn a_request_never_shares_the_row_of_a_message() {
        let (user, key) = (UserId::parse("a").unwrap(), ClientMessageId::parse("b").unwrap());
        let request = keyed_request(&user, "POST /api/messaging/blocks", &key);
        let message = sent_message(&user, ConversationId::from_bytes([1; 16]), &key);
        assert!(request.partition.starts_with("I#a#POST /") && message.partition.starts_with("I#a#c_"));
    }

    #[test]
    fn positions_sort_as_numbers() {
        assert!(log_position(9) < log_position(10));
        assert!(log_position(Seq::MAX.get()) < LOG.replace('#', "$"));
        assert_eq!(seq_of(&log_position(412)), Seq::new(412));
        assert_eq!(seq_of(&log_position(0)), None);
    }
}
