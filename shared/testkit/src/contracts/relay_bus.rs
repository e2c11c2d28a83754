//! What a [`RelayBus`] owes while it is well: events leave, and marks are found again.

use parlance_application::ports::delivery::{Broadcast, Hearing, RelayBus};
use parlance_domain::ids::{ConnectionId, ConversationId};

use super::fixtures::{conversation_id, seq, user};

/// Checks every promise.
pub async fn holds(bus: &dyn RelayBus) {
    assert!(bus.publish(&broadcast(conversation_id(), 3)).await, "that nobody listens is no failure");
    let (one, other) = (conversation_id(), conversation_id());
    bus.mark_sent(one, seq(2)).await;
    bus.mark_sent(other, seq(9)).await;
    let asked = [(one, seq(1)), (one, seq(2)), (other, seq(2)), (other, seq(9))];
    assert_eq!(bus.are_sent(&asked).await, [false, true, false, true]);
    assert!(bus.are_sent(&[]).await.is_empty());
}

/// An event of an entry, with everything that an event may carry.
pub fn broadcast(conversation: ConversationId, at: u64) -> Broadcast {
    Broadcast {
        conversation,
        seq: Some(seq(at)),
        roster_version: seq(1),
        hearing: Hearing::Log,
        subjects: vec![user("carol")],
        except: Some(ConnectionId::parse("abc=").unwrap()),
        frame: format!(r#"{{"seq":{at}}}"#).into_bytes(),
    }
}
