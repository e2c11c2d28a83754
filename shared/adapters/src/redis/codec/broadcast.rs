//! An event on its way to the relays.

use minicbor::{
    Decode, Encode,
    bytes::{ByteArray, ByteSlice},
};
use parlance_application::ports::delivery::{Broadcast, Hearing};
use parlance_domain::{
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
};

use super::encode;

#[derive(Encode, Decode)]
#[cbor(map)]
struct PublishedBroadcast<'b> {
    #[n(0)]
    conversation: ByteArray<16>,
    #[n(1)]
    seq: Option<u64>,
    #[n(2)]
    roster_version: u64,
    #[b(3)]
    #[cbor(skip_if = "Vec::is_empty")]
    subjects: Vec<&'b str>,
    #[b(4)]
    except: Option<&'b str>,
    #[b(5)]
    frame: &'b ByteSlice,
    #[n(6)]
    hearing: u8,
    /// Of those who joined after, and up to, which position; absent where that does not matter.
    #[n(7)]
    joined: Option<(u64, u64)>,
}

pub(in crate::redis) fn encode_broadcast(broadcast: &Broadcast) -> Vec<u8> {
    encode(PublishedBroadcast {
        conversation: (*broadcast.conversation.as_bytes()).into(),
        seq: broadcast.seq.map(Seq::get),
        roster_version: broadcast.roster_version.get(),
        subjects: broadcast.subjects.iter().map(UserId::as_str).collect(),
        except: broadcast.except.as_ref().map(ConnectionId::as_str),
        frame: broadcast.frame.as_slice().into(),
        hearing: hearing_to_number(broadcast.hearing),
        joined: match broadcast.hearing {
            Hearing::LogOfJoined { after, up_to } => Some((after, up_to.get())),
            Hearing::Log | Hearing::Typing | Hearing::Personal | Hearing::Subjects => None,
        },
    })
}

pub(in crate::redis) fn decode_broadcast(bytes: &[u8]) -> Option<Broadcast> {
    let published: PublishedBroadcast<'_> = minicbor::decode(bytes).ok()?;
    let users = published.subjects.iter().map(|user| UserId::parse(user).ok());
    let except = published.except.map(|id| ConnectionId::parse(id).ok());
    Some(Broadcast {
        conversation: ConversationId::from_bytes(published.conversation.into()),
        seq: published.seq.and_then(Seq::new),
        roster_version: Seq::new(published.roster_version)?,
        hearing: hearing_from_number(published.hearing, published.joined)?,
        subjects: users.collect::<Option<_>>()?,
        except: match except {
            None => None,
            Some(id) => Some(id?),
        },
        frame: published.frame.to_vec(),
    })
}

const fn hearing_to_number(hearing: Hearing) -> u8 {
    match hearing {
        Hearing::Log => 0,
        Hearing::Typing => 1,
        Hearing::Personal => 2,
        Hearing::Subjects => 3,
        Hearing::LogOfJoined { .. } => 4,
    }
}

fn hearing_from_number(number: u8, joined: Option<(u64, u64)>) -> Option<Hearing> {
    match number {
        0 => Some(Hearing::Log),
        1 => Some(Hearing::Typing),
        2 => Some(Hearing::Personal),
        3 => Some(Hearing::Subjects),
        4 => joined.and_then(|(after, up_to)| Some(Hearing::LogOfJoined { after, up_to: Seq::new(up_to)? })),
        _ => None,
    }
}
