//! That everything comes out as it went in, and that rubbish is a miss.

use parlance_application::ports::delivery::{Broadcast, Hearing};
use parlance_domain::{
    permissions::Role,
    roster::{Participant, Roster},
};
use proptest::prelude::*;

use super::*;

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

#[test]
fn what_is_cached_comes_back() {
    let head = Head {
        seq: seq(9),
        n: 4,
        roster_version: seq(2),
        roster_sum: RosterSum::new(u64::MAX),
        last_message: None,
        at: Timestamp::from_millis(1_790_000_000_123),
    };
    assert_eq!(decode_head(&encode_head(&head)), Some(head));
    let cursor = ReadCursor { seq: seq(7), n: 0, at: Timestamp::from_millis(3) };
    assert_eq!(decode_cursor(&encode_cursor(&cursor)), Some(cursor));
    let noted_at = Timestamp::from_millis(4);
    assert_eq!(decode_moved(&encode_moved(&cursor, noted_at)), Some((cursor, noted_at)));
    let user = UserId::parse("alice").unwrap();
    let id = ConversationId::from_bytes([6; 16]);
    for scope in [
        SocketScope::Messaging,
        SocketScope::Presence,
        SocketScope::Conversation(id),
        SocketScope::Typing(id),
    ] {
        let connection = Connection {
            id: ConnectionId::parse("abc=").unwrap(),
            user: user.clone(),
            scope,
            expires_at: Timestamp::from_millis(9),
            opened_at: Timestamp::from_millis(8),
        };
        let bytes = encode_connection(&connection);
        assert_eq!(decode_connection(&user, b"abc=", &bytes), Some(connection));
    }
    let participant = Participant { role: Role::Admin, joined: seq(1), since: seq(5) };
    let mut roster: Roster = [(user.clone(), participant)].into_iter().collect();
    for is_blocking in [false, true] {
        roster.set_block(&user, is_blocking);
        assert_eq!(decode_roster(&encode_roster(seq(5), &roster)), Some((seq(5), roster.clone())));
    }
    let joined = Hearing::LogOfJoined { after: 0, up_to: seq(4) };
    for hearing in [Hearing::Log, Hearing::Typing, Hearing::Personal, Hearing::Subjects, joined] {
        let broadcast = Broadcast {
            conversation: id,
            seq: (hearing == Hearing::Log).then(|| seq(3)),
            roster_version: seq(1),
            hearing,
            subjects: vec![user.clone()],
            except: Some(ConnectionId::parse("abc=").unwrap()),
            frame: b"{}".to_vec(),
        };
        assert_eq!(decode_broadcast(&encode_broadcast(&broadcast)), Some(broadcast));
    }
}

proptest! {
    #[test]
    fn rubbish_is_a_miss_and_never_a_panic(bytes: Vec<u8>) {
        let _ = decode_head(&bytes);
        let _ = decode_cursor(&bytes);
        let _ = decode_moved(&bytes);
        let _ = decode_roster(&bytes);
        let _ = decode_broadcast(&bytes);
        let _ = decode_connection(&UserId::parse("a").unwrap(), b"c", &bytes);
    }
}
