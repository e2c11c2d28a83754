//! Every key and channel, and how long each is kept. All begin with a digest of the stack's id, so that nothing of another life is believed.

use data_encoding::BASE32_NOPAD;
use parlance_application::ports::rates::Counter;
use parlance_domain::{
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
};
use sha2::{Digest, Sha256};

/// How long a head is remembered, in seconds.
pub const HEAD_SECONDS: u64 = 24 * 60 * 60;
/// How long a roster is remembered.
pub const ROSTER_SECONDS: u64 = 60 * 60;
/// How long a user's own positions are remembered: the stream makes them durable meanwhile.
pub const OWN_SECONDS: u64 = 24 * 60 * 60;
/// How long the marks of what changed in the registry of sockets are kept after the last change.
pub const MARKS_SECONDS: u64 = 24 * 60 * 60;
/// How long an entry's mark is kept.
pub const SENT_SECONDS: u64 = 60;
/// How long moved cursors are remembered; they are told after five seconds.
pub const MOVED_SECONDS: u64 = 60;
/// How long a collection of moved cursors counts as asked for, should its timer be lost.
pub const COLLECTING_SECONDS: u64 = 15;
/// How long the set of relays outlives the last of them.
pub const RELAYS_SECONDS: u64 = 60;
/// For how long it is remembered who may come in: how late a deactivation that Redis missed is noticed.
pub const STANDING_SECONDS: u64 = 60;

/// How long a conversation's typists outlive the last of them.
pub const TYPING_SECONDS: u64 = 10;

/// How long it is remembered what watchers were told of a user: longer than a socket lives.
pub const PRESENCE_SECONDS: u64 = 24 * 60 * 60;
/// How long a watch is remembered: as long as a socket lives.
pub const WATCHING_SECONDS: u64 = 2 * 60 * 60 + 10 * 60;
/// How long departures are remembered after the last of them was noted.
pub const DEPARTURES_SECONDS: u64 = 24 * 60 * 60;
/// On how many keys departures are spread.
pub const DEPARTURE_KEYS: u8 = 16;

/// The names of one stack's keys.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// The keys of this stack. Its id is long: 80 bits of its digest stand for it.
    pub fn of_stack(stack_id: &str) -> Self {
        let digest = Sha256::digest(stack_id);
        let short: Vec<u8> = digest.into_iter().take(10).collect();
        Self { prefix: BASE32_NOPAD.encode(&short).to_lowercase() }
    }

    /// The newest head that somebody recorded.
    pub fn head(&self, conversation: ConversationId) -> String {
        format!("{}:head:{conversation}", self.prefix)
    }

    /// The roster with its version.
    pub fn roster(&self, conversation: ConversationId) -> String {
        format!("{}:roster:{conversation}", self.prefix)
    }

    /// A hash of a user's own positions by conversation.
    pub fn own(&self, user: &UserId) -> String {
        format!("{}:own:{user}", self.prefix)
    }

    /// A hash of a user's open sockets, and the field that says that it is complete.
    pub fn connections(&self, user: &UserId) -> String {
        format!("{}:conns:{user}", self.prefix)
    }

    /// A string of marks, by which a reader learns whose sockets have changed.
    pub fn marks(&self) -> String {
        format!("{}:marks", self.prefix)
    }

    /// Whether a user may come in.
    pub fn standing(&self, user: &UserId) -> String {
        format!("{}:standing:{user}", self.prefix)
    }

    /// The mark that an entry was delivered or handed over.
    pub fn sent(&self, conversation: ConversationId, seq: Seq) -> String {
        format!("{}:sent:{conversation}:{seq}", self.prefix)
    }

    /// A hash of the cursors that have moved lately, by user.
    pub fn moved(&self, conversation: ConversationId) -> String {
        format!("{}:moved:{conversation}", self.prefix)
    }

    /// Whether a collection of moved cursors is coming.
    pub fn collecting(&self, conversation: ConversationId) -> String {
        format!("{}:collecting:{conversation}", self.prefix)
    }

    /// When moved cursors were last collected.
    pub fn collected(&self, conversation: ConversationId) -> String {
        format!("{}:collected:{conversation}", self.prefix)
    }

    /// The sorted set of a conversation's typists by the time until which they count as typing.
    pub fn typing(&self, conversation: ConversationId) -> String {
        format!("{}:typing:{conversation}", self.prefix)
    }

    /// What watchers were last told of a user.
    pub fn presence(&self, user: &UserId) -> String {
        format!("{}:presence:{user}", self.prefix)
    }

    /// A hash of the sockets that watch a user.
    pub fn watchers(&self, user: &UserId) -> String {
        format!("{}:watchers:{user}", self.prefix)
    }

    /// The set of the users whom a socket watches.
    pub fn watching(&self, watcher: &ConnectionId) -> String {
        format!("{}:watching:{watcher}", self.prefix)
    }

    /// The sorted set in which a user stands by when somebody has to look whether he is still there.
    pub fn departures(&self, user: &UserId) -> String {
        let sum = Sha256::digest(user.as_str());
        self.departures_of(sum.iter().next().copied().unwrap_or_default() % DEPARTURE_KEYS)
    }

    /// One of these sorted sets.
    pub fn departures_of(&self, number: u8) -> String {
        format!("{}:departures:{number}", self.prefix)
    }

    /// The sorted set of relays by the time until which they count as alive.
    pub fn relays(&self) -> String {
        format!("{}:relays", self.prefix)
    }

    /// What a counter has counted in one of its windows.
    pub fn rate(&self, counter: &Counter, window: u64) -> String {
        let prefix = &self.prefix;
        match counter {
            // The user's id comes last: it may hold whatever separates the parts.
            Counter::User(user, class) => format!("{prefix}:rate:{}:{window}:{user}", class.as_str()),
            Counter::Conversation(conversation) => {
                format!("{prefix}:rate:conversation:{window}:{conversation}")
            }
            Counter::Refusals(connection) => format!("{prefix}:rate:refusals:{window}:{connection}"),
        }
    }

    /// How long a window is remembered: as long as the one after it counts, and a second for clocks that are apart.
    pub const fn rate_seconds(counter: &Counter) -> u64 {
        2 * counter.window().as_secs() + 1
    }

    /// The channel of a shard.
    pub fn events(&self, shard: u8) -> String {
        format!("{}:events:{shard}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stacks_share_no_key() {
        let (one, other) = (Keys::of_stack("arn:one"), Keys::of_stack("arn:other"));
        let conversation = ConversationId::from_bytes([1; 16]);
        assert_ne!(one.head(conversation), other.head(conversation));
        assert_ne!(one.events(0), other.events(0));
    }
}
