//! What an [`IdempotencyRepository`] owes: a request is done by one attempt, and its answer is everybody's for a day.

use std::time::Duration;

use futures::future::join_all;
use parlance_application::ports::idempotency::{
    Attempt, Begun, IdempotencyRepository, KEPT_FOR, KeptAnswer, RequestKey,
};
use parlance_domain::{ids::ClientMessageId, time::Timestamp};

use super::fixtures::{NOW, conversation_id, user};

const LEASE: Duration = Duration::from_secs(30);

/// Checks every promise.
pub async fn holds(kept: &dyn IdempotencyRepository) {
    the_first_answer_is_everybodys_for_a_day(kept).await;
    of_many_at_once_one_begins(kept).await;
    an_attempt_that_died_holds_its_key_no_longer_than_its_lease(kept).await;
    what_was_abandoned_begins_again_and_stays_the_same_request(kept).await;
    keys_are_strangers_to_each_other(kept).await;
}

fn attempt(key: &RequestKey, asks: u8, at: Timestamp) -> Attempt {
    let nonce = rand::random();
    Attempt { key: key.clone(), fingerprint: [asks; 32], nonce, at, lease_until: at.plus(LEASE) }
}

/// An attempt at a request of its own.
pub fn attempt_at(at: Timestamp) -> Attempt {
    attempt(&key(), 1, at)
}

fn key() -> RequestKey {
    let key = ClientMessageId::parse(&format!("{}#%", conversation_id())).unwrap();
    RequestKey { user: user("alice#"), route: "POST /api/messaging/conversations/{id}/leave", key }
}

/// An answer of ordinary size.
pub fn answer() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        body: Some("{\"text\":\"ü\"}".to_owned()),
        etag: None,
        location: Some("/there/".to_owned()),
    }
}

async fn the_first_answer_is_everybodys_for_a_day(kept: &dyn IdempotencyRepository) {
    let key = key();
    let first = attempt(&key, 1, NOW);
    assert_eq!(kept.begin(&first).await.unwrap(), Begun::Begun);
    assert_eq!(kept.begin(&first).await.unwrap(), Begun::Begun, "a try whose reply was lost is its own");
    assert_eq!(kept.begin(&attempt(&key, 1, NOW)).await.unwrap(), Begun::Running);
    assert_eq!(kept.begin(&attempt(&key, 2, NOW)).await.unwrap(), Begun::OtherRequest);
    kept.finish(&first, &answer()).await.unwrap();
    let last_moment = NOW.plus(KEPT_FOR).minus(Duration::from_secs(1));
    for at in [NOW, NOW.plus(LEASE), last_moment] {
        assert_eq!(kept.begin(&attempt(&key, 1, at)).await.unwrap(), Begun::Answered(answer()));
        assert_eq!(kept.begin(&attempt(&key, 2, at)).await.unwrap(), Begun::OtherRequest);
    }
    assert_eq!(kept.begin(&attempt(&key, 2, NOW.plus(KEPT_FOR))).await.unwrap(), Begun::Begun);

    let (other, bare) = (
        attempt(&self::key(), 1, NOW),
        KeptAnswer { status: 204, body: None, etag: Some("\"1\"".into()), location: None },
    );
    kept.begin(&other).await.unwrap();
    kept.finish(&other, &bare).await.unwrap();
    assert_eq!(kept.begin(&attempt(&other.key, 1, NOW)).await.unwrap(), Begun::Answered(bare));
}

async fn of_many_at_once_one_begins(kept: &dyn IdempotencyRepository) {
    let key = key();
    let attempts: Vec<Attempt> = (0..10).map(|_| attempt(&key, 1, NOW)).collect();
    let outcomes = join_all(attempts.iter().map(|attempt| kept.begin(attempt))).await;
    let outcomes: Vec<Begun> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|begun| **begun == Begun::Begun).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|begun| **begun == Begun::Running).count(), 9, "{outcomes:?}");
}

async fn an_attempt_that_died_holds_its_key_no_longer_than_its_lease(kept: &dyn IdempotencyRepository) {
    let key = key();
    let dead = attempt(&key, 1, NOW);
    kept.begin(&dead).await.unwrap();
    let almost = NOW.plus(LEASE).minus(Duration::from_millis(1));
    assert_eq!(kept.begin(&attempt(&key, 1, almost)).await.unwrap(), Begun::Running);
    let over = NOW.plus(LEASE);
    assert_eq!(kept.begin(&attempt(&key, 2, over)).await.unwrap(), Begun::OtherRequest);
    let second = attempt(&key, 1, over);
    assert_eq!(kept.begin(&second).await.unwrap(), Begun::Begun);
    kept.finish(&dead, &KeptAnswer { status: 500, ..answer() }).await.unwrap();
    kept.abandon(&dead).await.unwrap();
    assert_eq!(
        kept.begin(&attempt(&key, 1, over)).await.unwrap(),
        Begun::Running,
        "a zombie changes nothing"
    );
    kept.finish(&second, &answer()).await.unwrap();
    kept.finish(&dead, &KeptAnswer { status: 500, ..answer() }).await.unwrap();
    assert_eq!(kept.begin(&attempt(&key, 1, over)).await.unwrap(), Begun::Answered(answer()));
}

async fn what_was_abandoned_begins_again_and_stays_the_same_request(kept: &dyn IdempotencyRepository) {
    let key = key();
    let first = attempt(&key, 1, NOW);
    kept.begin(&first).await.unwrap();
    kept.abandon(&first).await.unwrap();
    assert_eq!(kept.begin(&attempt(&key, 2, NOW)).await.unwrap(), Begun::OtherRequest);
    let second = attempt(&key, 1, NOW);
    assert_eq!(kept.begin(&second).await.unwrap(), Begun::Begun);
    kept.finish(&second, &answer()).await.unwrap();
    kept.abandon(&second).await.unwrap();
    assert_eq!(kept.begin(&attempt(&key, 1, NOW)).await.unwrap(), Begun::Answered(answer()), "too late");
}

async fn keys_are_strangers_to_each_other(kept: &dyn IdempotencyRepository) {
    let one = key();
    let others = [
        RequestKey { user: user("alice"), ..one.clone() },
        RequestKey { route: "POST /api/messaging/conversations", ..one.clone() },
        RequestKey {
            key: ClientMessageId::parse("x").unwrap(),
            user: user(&conversation_id().to_string()),
            ..one.clone()
        },
    ];
    kept.begin(&attempt(&one, 1, NOW)).await.unwrap();
    for other in others {
        assert_eq!(kept.begin(&attempt(&other, 2, NOW)).await.unwrap(), Begun::Begun, "{other:?}");
    }
}
