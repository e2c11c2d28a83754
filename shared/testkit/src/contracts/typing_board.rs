//! What a [`TypingBoard`] owes while it is well: who was noted is answered until his expiry or until he is forgotten.

use std::time::Duration;

use parlance_application::ports::typing::TypingBoard;
use parlance_domain::{signal::TypingUser, time::Timestamp};

use super::fixtures::{NOW, conversation_id, user};

/// Checks every promise.
pub async fn holds(board: &dyn TypingBoard) {
    let (here, elsewhere) = (conversation_id(), conversation_id());
    let typist = |name: &str, seconds| TypingUser { user: user(name), expires_at: after(seconds) };
    assert_eq!(board.typists(here, NOW).await, Some(vec![]));
    assert_eq!(board.forget(here, &user("alice"), NOW).await, Some(vec![]));

    let (bob, alice) = (typist("bob", 6), typist("al ice#%", 9));
    assert_eq!(board.note(here, &bob, NOW).await, Some(vec![bob.clone()]));
    let both = vec![alice.clone(), bob.clone()];
    assert_eq!(board.note(here, &alice, after(1)).await, Some(both.clone()), "by user");
    assert_eq!(board.typists(here, after(1)).await, Some(both));
    assert_eq!(board.typists(elsewhere, after(1)).await, Some(vec![]));

    let again = typist("bob", 8);
    assert_eq!(board.note(here, &again, after(2)).await, Some(vec![alice.clone(), again]));
    assert_eq!(board.typists(here, after(8)).await, Some(vec![alice.clone()]), "until the expiry, not at it");
    let carol = typist("carol", 15);
    assert_eq!(board.note(here, &carol, after(9)).await, Some(vec![carol.clone()]));
    assert_eq!(board.forget(here, &alice.user, after(9)).await, Some(vec![carol.clone()]));
    assert_eq!(board.forget(here, &carol.user, after(9)).await, Some(vec![]));
    assert_eq!(board.typists(here, NOW).await, Some(vec![]));
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}
