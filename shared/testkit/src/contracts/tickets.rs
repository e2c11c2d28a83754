//! What a [`TicketRepository`] owes: a ticket opens one handshake, once, and not late.

use std::time::Duration;

use futures::future::join_all;
use parlance_application::ports::identity::{Identity, ProfileClaims, TicketRepository};
use parlance_domain::ids::TicketId;

use super::fixtures::{NOW, user};

const LIFETIME: Duration = Duration::from_secs(30);

/// Checks every promise.
pub async fn holds(tickets: &dyn TicketRepository) {
    let identity = Identity {
        user: user("alice#%"),
        expires_at: NOW.plus(Duration::from_secs(3600)),
        is_service: true,
        is_admin: false,
        profile: ProfileClaims { name: Some("Alice".into()), picture: None, locale: Some("de".into()) },
    };
    let issue = async || {
        let ticket = TicketId::from_bytes(rand::random());
        tickets.issue(ticket, &identity, NOW, LIFETIME).await.unwrap();
        ticket
    };

    let unknown = TicketId::from_bytes(rand::random());
    assert_eq!(tickets.redeem(unknown, NOW).await.unwrap(), None);

    let ticket = issue().await;
    let in_time = NOW.plus(LIFETIME).minus(Duration::from_millis(1));
    assert_eq!(tickets.redeem(ticket, in_time).await.unwrap(), Some(identity.clone()));
    assert_eq!(tickets.redeem(ticket, in_time).await.unwrap(), None, "a ticket is used once");

    let late = issue().await;
    assert_eq!(tickets.redeem(late, NOW.plus(LIFETIME)).await.unwrap(), None);
    assert_eq!(tickets.redeem(late, NOW).await.unwrap(), None, "a late attempt uses it up");

    let raced = issue().await;
    let outcomes = join_all((0..8).map(|_| tickets.redeem(raced, NOW))).await;
    assert_eq!(outcomes.into_iter().filter_map(Result::unwrap).count(), 1, "of many at once one gets in");
}
