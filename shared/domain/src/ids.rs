//! The registry of identifiers: each its own type, parsed once at the edge or it does not exist.

mod grammar;

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use crate::{base32, head::Seq};

/// Why a text is not an identifier of the type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected}")]
pub struct InvalidId {
    /// What would have been valid, as a phrase that may be shown to the client.
    pub expected: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, |$text:ident| $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the grammar and takes the text as it is.
            pub fn parse($text: &str) -> Result<Self, InvalidId> {
                if $valid { Ok(Self($text.into())) } else { Err(InvalidId { expected: $expected }) }
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        id_as_text!($name);
    };
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes the identifier of 128 bits that a port of randomness drew.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 128 bits behind the text.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the prefixed base32 form back.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .and_then(base32::decode)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or(InvalidId { expected: $expected })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, base32::encode(&self.0))
            }
        }

        id_as_serde!($name);
    };
}

macro_rules! id_as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        id_as_serde!($name);
    };
}

macro_rules! id_as_serde {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// A person or a system: the `sub` of its token, in the issuer's own spelling.
    UserId,
    "a user id of 1 to 128 bytes without control characters",
    |text| (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
);

text_id!(
    /// One open socket, in API Gateway's spelling (it may end in `=`).
    ConnectionId,
    "a connection id of 1 to 128 printable ASCII characters",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
);

text_id!(
    /// The client's own id of one message: a retry carries the same one. It is scoped to (sender, conversation).
    ClientMessageId,
    "1 to 64 printable ASCII characters",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
);

text_id!(
    /// One relay process, in the set of those that are alive.
    RelayId,
    "a relay id of 1 to 64 characters without white space",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
);

random_id!(
    /// One conversation and its log.
    ConversationId,
    "c_",
    "a conversation id (c_ and 26 characters)"
);
random_id!(
    /// One uploaded file.
    AttachmentId,
    "a_",
    "an attachment id (a_ and 26 characters)"
);
random_id!(
    /// A single-use pass for one handshake. It is a secret for 30 seconds, so it must not be logged.
    TicketId,
    "t_",
    "a ticket (t_ and 26 characters)"
);

random_id!(
    /// One webhook of another system.
    WebhookId,
    "w_",
    "a webhook id (w_ and 26 characters)"
);

impl ConversationId {
    /// The one direct conversation of two people, whoever of them asks.
    pub fn direct(one: &UserId, other: &UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self::derived("direct", &[first.as_str(), second.as_str()])
    }

    /// The one conversation that belongs to a reference into another system.
    pub fn of_reference(reference_type: &str, reference_id: &str) -> Self {
        Self::derived("ref", &[reference_type, reference_id])
    }

    /// Hashes length-prefixed parts, so that no two lists of parts share an id by concatenation.
    fn derived(domain: &str, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(&domain).chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(digest) {
            *byte = hashed;
        }
        Self(bytes)
    }
}

/// One message: the conversation and the position in its log, so that a look-up needs no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The conversation that the message stands in.
    pub conversation: ConversationId,
    /// The entry that created it.
    pub seq: Seq,
}

impl MessageId {
    /// Names the message that entry `seq` of `conversation` created.
    pub const fn new(conversation: ConversationId, seq: Seq) -> Self {
        Self { conversation, seq }
    }

    /// Reads `m_<conversation>_<seq>`; only the one spelling that [`MessageId`] prints is accepted.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        Self::parse_parts(text)
            .ok_or(InvalidId { expected: "a message id (m_, 26 characters, _ and a position)" })
    }

    fn parse_parts(text: &str) -> Option<Self> {
        let (conversation, seq) = text.strip_prefix("m_")?.split_once('_')?;
        let conversation = ConversationId(base32::decode(conversation)?.try_into().ok()?);
        let bytes = base32::decode(seq)?;
        if bytes.first() == Some(&0) || bytes.len() > 8 {
            return None;
        }
        let seq = bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        Some(Self { conversation, seq: Seq::new(seq)? })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m_{}", place(self.conversation, self.seq))
    }
}

id_as_serde!(MessageId);

/// One durable event: the entry of a log that it tells of. Other systems know a repetition by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry.
    pub seq: Seq,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e_{}", place(self.conversation, self.seq))
    }
}

impl serde::Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An entry's place as ids spell it: the conversation, and the position without leading zeros.
fn place(conversation: ConversationId, seq: Seq) -> String {
    let bytes = seq.get().to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    format!("{}_{}", base32::encode(conversation.as_bytes()), base32::encode(&significant))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_id_round_trips(bytes: [u8; 16], seq in 1_u64..=Seq::MAX.get()) {
            let id = MessageId::new(ConversationId::from_bytes(bytes), Seq::new(seq).unwrap());
            prop_assert_eq!(MessageId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            let _ = MessageId::parse(&text);
            let _ = ConversationId::parse(&text);
            let _ = UserId::parse(&text);
        }
    }

    #[test]
    fn a_direct_conversation_is_the_same_from_both_sides() {
        let (alice, bob) = (UserId::parse("alice").unwrap(), UserId::parse("bob").unwrap());
        assert_eq!(ConversationId::direct(&alice, &bob), ConversationId::direct(&bob, &alice));
        let (a, lice) = (UserId::parse("a").unwrap(), UserId::parse("licebob").unwrap());
        assert_ne!(ConversationId::direct(&alice, &bob), ConversationId::direct(&a, &lice));
    }

    #[test]
    fn one_message_has_one_spelling() {
        let id = MessageId::new(ConversationId::from_bytes([7; 16]), Seq::new(5).unwrap()).to_string();
        assert!(MessageId::parse(&id).is_ok());
        assert!(MessageId::parse(&id.to_uppercase()).is_err());
        let (front, _) = id.rsplit_once('_').unwrap();
        assert!(MessageId::parse(&format!("{front}_{}", base32::encode(&[0, 5]))).is_err(), "a leading zero");
    }
}
