//! Who is let in by `AdmitHandshake` and `OpenConnection`, and who is turned out.

#![allow(clippy::unwrap_used, reason = "a broken assumption should stop a test")]

use std::{sync::Arc, time::Duration};

use parlance_application::{
    connections::{
        admit::{AdmitHandshake, AdmitHandshakeError, Handshake},
        open::{OpenConnection, OpenConnectionError, OpenPorts, Opening},
        origins::AllowedOrigins,
        register::RegisterConnection,
    },
    delivery::broadcaster::Closer,
    limits::rates::RateLimits,
    ports::{
        connections::ConnectionDirectory,
        environment::Clock,
        identity::{Identity, ProfileClaims},
        people::PeopleRepository,
    },
    presence::arrive::Arrive,
    sessions::authenticate::{Authenticate, Credential},
    tickets::issue::IssueTicket,
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    conversation::History,
    event::Closing,
    ids::{ConnectionId, ConversationId},
    profile::{PersonChange, Profile, Standing},
};
use parlance_testkit::{
    memory::{
        cloud::MemoryCloud,
        connections::MemoryConnections,
        delivery::{MemoryGateway, SeqEncoder},
        environment::SeededRandom,
        identity::{MemoryTickets, MemoryTokens},
        people::MemoryPeople,
        presence::MemoryPresenceTimer,
        redis::MemoryRedis,
    },
    scene::{Scene, user},
};

struct Door {
    scene: Scene,
    tickets: MemoryTickets,
    directory: MemoryConnections,
    people: MemoryPeople,
    gateway: MemoryGateway,
    admit: AdmitHandshake,
}

impl Door {
    fn open(&self, limits: RateLimits) -> OpenConnection {
        OpenConnection::new(OpenPorts {
            directory: Arc::new(self.directory.clone()),
            register: RegisterConnection::new(
                Arc::new(self.directory.clone()),
                Arc::new(MemoryPresenceTimer::default()),
                Arc::new(self.gateway.clone()),
            ),
            people: Arc::new(self.people.clone()),
            conversations: self.scene.conversations(),
            limiter: self.scene.limiter(limits),
            clock: Arc::new(self.scene.clock.clone()),
            arrive: arrive(),
        })
    }
}

/// Alice, whose token `alice` is good for ten minutes, and a conversation of hers.
async fn door() -> (Door, ConversationId) {
    let scene = Scene::default();
    let conversation = scene.conversation(1, History::All, &["alice"]).await;
    let (tokens, tickets) = (MemoryTokens::default(), MemoryTickets::default());
    tokens.issue("alice", identity(&scene));
    let clock = Arc::new(scene.clock.clone());
    let authenticate = Authenticate::new(Arc::new(tokens), Arc::new(tickets.clone()), clock);
    let origins = AllowedOrigins::of(&["http://localhost:*"]);
    let admit = AdmitHandshake::new(authenticate, scene.conversations(), origins);
    let (directory, people) = (MemoryConnections::default(), MemoryPeople::default());
    (Door { scene, tickets, directory, people, gateway: MemoryGateway::default(), admit }, conversation)
}

fn identity(scene: &Scene) -> Identity {
    Identity {
        user: user("alice"),
        expires_at: scene.clock.now().plus(Duration::from_mins(10)),
        is_service: false,
        is_admin: false,
        profile: ProfileClaims::default(),
    }
}

/// What follows a registration, for nobody to see.
fn arrive() -> Arrive {
    let redis = Arc::new(MemoryRedis::default());
    Arrive {
        board: redis.clone(),
        departures: redis.clone(),
        timer: Arc::new(MemoryPresenceTimer::default()),
        peers: Arc::new(MemoryCloud::default()),
        cache: redis,
    }
}

fn asks(credential: Credential<'_>) -> Handshake<'_> {
    Handshake { origin: None, credential: Some(credential), scope: Some(SocketScope::Messaging) }
}

#[tokio::test]
async fn a_good_token_is_let_in_and_no_other() {
    let (door, _) = door().await;
    let (identity, scope) = door.admit.execute(asks(Credential::Token("alice"))).await.unwrap();
    assert_eq!((identity.user, scope), (user("alice"), SocketScope::Messaging));
    for refused in [Some(Credential::Token("eve")), Some(Credential::Ticket("alice")), None] {
        let handshake = Handshake { credential: refused, ..asks(Credential::Token("")) };
        let outcome = door.admit.execute(handshake).await;
        assert!(matches!(outcome, Err(AdmitHandshakeError::Unauthenticated)));
    }
    door.scene.clock.advance(Duration::from_mins(10));
    let late = door.admit.execute(asks(Credential::Token("alice"))).await;
    assert!(matches!(late, Err(AdmitHandshakeError::Unauthenticated)));
}

#[tokio::test]
async fn a_ticket_opens_one_handshake_within_thirty_seconds() {
    let (door, _) = door().await;
    let random = Arc::new(SeededRandom::new(1));
    let issue = IssueTicket::new(Arc::new(door.tickets.clone()), Arc::new(door.scene.clock.clone()), random);
    let ticket = async || issue.execute(&identity(&door.scene)).await.unwrap().ticket.to_string();
    let first = ticket().await;
    assert!(door.admit.execute(asks(Credential::Ticket(&first))).await.is_ok());
    let again = door.admit.execute(asks(Credential::Ticket(&first))).await;
    assert!(matches!(again, Err(AdmitHandshakeError::Unauthenticated)));
    let second = ticket().await;
    door.scene.clock.advance(IssueTicket::LIFETIME);
    let late = door.admit.execute(asks(Credential::Ticket(&second))).await;
    assert!(matches!(late, Err(AdmitHandshakeError::Unauthenticated)));
}

#[tokio::test]
async fn a_page_that_is_not_listed_is_refused_before_anything_else() {
    let (door, _) = door().await;
    for (origin, admitted) in [("http://localhost:5173", true), ("http://evil.test", false), ("null", false)]
    {
        let handshake = Handshake { origin: Some(origin), ..asks(Credential::Token("alice")) };
        let outcome = door.admit.execute(handshake).await;
        assert_eq!(outcome.is_ok(), admitted, "{origin}");
        assert!(admitted || matches!(outcome, Err(AdmitHandshakeError::Forbidden)));
    }
}

#[tokio::test]
async fn a_socket_for_a_foreign_conversation_is_refused_like_one_for_none() {
    let (door, own) = door().await;
    let foreign = door.scene.conversation(2, History::All, &["bob"]).await;
    let admit = async |scope| {
        let handshake = Handshake { scope, ..asks(Credential::Token("alice")) };
        door.admit.execute(handshake).await
    };
    for scope in [SocketScope::Conversation(own), SocketScope::Typing(own), SocketScope::Presence] {
        assert!(admit(Some(scope)).await.is_ok(), "{scope:?}");
    }
    let nowhere = ConversationId::from_bytes([9; 16]);
    for scope in [
        Some(SocketScope::Conversation(foreign)),
        Some(SocketScope::Typing(foreign)),
        Some(SocketScope::Conversation(nowhere)),
        None,
    ] {
        assert!(matches!(admit(scope).await, Err(AdmitHandshakeError::Forbidden)), "{scope:?}");
    }
}

#[tokio::test]
async fn sockets_whose_end_nobody_was_told_of_keep_nobody_out() {
    let (door, _) = door().await;
    let open = door.open(RateLimits::NONE);
    let id = |number: usize| ConnectionId::parse(&format!("socket-{number}=")).unwrap();
    let opening = |number: usize| Opening {
        id: id(number),
        user: user("alice"),
        scope: SocketScope::Messaging,
        expires_at: identity(&door.scene).expires_at,
        profile: ProfileClaims::default(),
    };
    door.gateway.close_all();
    for number in 1..=Connection::MAX_PER_USER {
        open.execute(opening(number)).await.unwrap();
    }
    // As far as API Gateway says, their handshakes may still be under way.
    let at_once = open.execute(opening(21)).await;
    assert!(matches!(at_once, Err(OpenConnectionError::TooManyConnections)), "{at_once:?}");
    door.gateway.open(id(3));
    door.scene.clock.advance(Duration::from_secs(60));
    open.execute(opening(22)).await.unwrap();
    let left = door.directory.of_users(&[user("alice")]).await.unwrap();
    let left: Vec<&ConnectionId> = left.iter().map(|socket| &socket.id).collect();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&&id(3)) && left.contains(&&id(22)), "{left:?}");
}

#[tokio::test]
async fn a_user_has_at_most_twenty_sockets_and_an_expired_token_none() {
    let (door, _) = door().await;
    let open = door.open(RateLimits::NONE);
    let expires_at = identity(&door.scene).expires_at;
    let opening = |number: usize| Opening {
        id: ConnectionId::parse(&format!("socket-{number}=")).unwrap(),
        user: user("alice"),
        scope: SocketScope::Messaging,
        expires_at,
        profile: ProfileClaims::default(),
    };
    for number in 1..=Connection::MAX_PER_USER {
        assert!(open.execute(opening(number)).await.is_ok());
    }
    let one_more = open.execute(opening(21)).await;
    assert!(matches!(one_more, Err(OpenConnectionError::TooManyConnections)));
    assert_eq!(door.directory.of_users(&[user("alice")]).await.unwrap().len(), Connection::MAX_PER_USER);
    door.scene.clock.advance(Duration::from_mins(10));
    let expired = open.execute(opening(22)).await;
    assert!(matches!(expired, Err(OpenConnectionError::TokenExpired)));
}

#[tokio::test]
async fn whoever_opens_sockets_too_fast_waits_as_long_as_told() {
    let (door, _) = door().await;
    let open = door.open(RateLimits::DEFAULT);
    let opening = |number: usize| Opening {
        id: ConnectionId::parse(&format!("socket-{number}=")).unwrap(),
        user: user("alice"),
        scope: SocketScope::Messaging,
        expires_at: identity(&door.scene).expires_at,
        profile: ProfileClaims::default(),
    };
    for number in 1..=5 {
        open.execute(opening(number)).await.unwrap();
    }
    let Err(OpenConnectionError::RateLimited(refusal)) = open.execute(opening(6)).await else {
        panic!("the sixth in a second was let in");
    };
    assert_eq!(door.directory.of_users(&[user("alice")]).await.unwrap().len(), 5, "nothing was stored");
    door.scene.clock.advance(refusal.retry_after);
    open.execute(opening(6)).await.unwrap();
}

#[tokio::test]
async fn who_was_deactivated_or_removed_since_his_handshake_gets_no_socket_after_all() {
    let (door, own) = door().await;
    let opening = |user_name: &str, scope| Opening {
        id: ConnectionId::parse("socket=").unwrap(),
        user: user(user_name),
        scope,
        expires_at: identity(&door.scene).expires_at,
        profile: ProfileClaims { name: Some("Alice".to_owned()), ..ProfileClaims::default() },
    };
    assert!(
        door.open(RateLimits::NONE).execute(opening("alice", SocketScope::Conversation(own))).await.is_ok()
    );
    let known = door.people.find(&user("alice")).await.unwrap().unwrap();
    assert_eq!(
        known.profile,
        Profile::of_texts(Some("Alice"), None, None),
        "she was seen for the first time"
    );
    let stranger = door.open(RateLimits::NONE).execute(opening("bob", SocketScope::Conversation(own))).await;
    assert!(matches!(stranger, Err(OpenConnectionError::NotAMember)));
    assert!(door.open(RateLimits::NONE).execute(opening("bob", SocketScope::Messaging)).await.is_ok());
    let change = PersonChange { standing: Some(Standing::Deactivated), ..PersonChange::default() };
    door.people.change(&user("alice"), &change).await.unwrap();
    let deactivated = door.open(RateLimits::NONE).execute(opening("alice", SocketScope::Messaging)).await;
    assert!(matches!(deactivated, Err(OpenConnectionError::Deactivated)));
    let open = door.directory.of_users(&[user("alice")]).await.unwrap();
    assert!(open.is_empty(), "nothing is left registered");
}

#[tokio::test]
async fn who_is_turned_out_gets_his_answer_and_the_reason_first() {
    let (door, _) = door().await;
    let directory = Arc::new(door.directory.clone());
    let opened = door
        .open(RateLimits::NONE)
        .execute(Opening {
            id: ConnectionId::parse("socket=").unwrap(),
            user: user("alice"),
            scope: SocketScope::Messaging,
            expires_at: identity(&door.scene).expires_at,
            profile: ProfileClaims::default(),
        })
        .await
        .unwrap();
    let gateway = MemoryGateway::default();
    let closer = Closer::new(Arc::new(gateway.clone()), directory, Arc::new(SeqEncoder));
    closer.close(&opened.user, &opened.id, Closing::TokenExpired, Some(b"nack")).await.unwrap();
    let frames: Vec<Vec<u8>> = gateway.deliveries().iter().map(|(_, frame)| frame.clone()).collect();
    assert_eq!(frames.first().map(Vec::as_slice), Some(b"nack".as_slice()));
    assert_eq!(frames.last().map(Vec::as_slice), Some(b"closed".as_slice()));
    assert_eq!(frames.len(), 3, "the answer, the reason, the end");
    assert!(door.directory.of_users(&[user("alice")]).await.unwrap().is_empty());
}
