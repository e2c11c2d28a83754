//! The DynamoDB adapters over the wire, and what they cost.

use parlance_application::ports::{
    conversations::{Advance, ReadCursor},
    log::{Append, AppendOnce, Beside, Consistency, LogRange, Order},
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    ids::{ClientMessageId, ConnectionId, MessageId},
    log::{EntryBody, MessageKey},
    message::{Message, MessageBody, MessageContent},
    presence::{ChosenStatus, PresenceChoice, StatusText},
};
use parlance_testkit::contracts::{
    attachments, blocks, connections, conversations,
    fixtures::{NOW, conversation_id, creation, message, user},
    idempotency, message_log, people, presence, rows, tickets,
};

use super::servers::{Tables, configuration};

#[tokio::test]
async fn dynamodb_keeps_logs() {
    let tables = Tables::start().await;
    let adapters = tables.adapters();
    adapters.prewarm().await;
    let (log, conversations) = (adapters.message_log().unwrap(), adapters.conversations().unwrap());
    adapters.prewarm().await;
    let tables = || message_log::Tables { log: &*log, conversations: &*conversations };
    message_log::holds(tables()).await;
    message_log::takes_files(tables(), &*adapters.attachments().unwrap()).await;
}

#[tokio::test]
async fn dynamodb_keeps_conversations() {
    let tables = Tables::start().await;
    let adapters = tables.adapters();
    let kept = adapters.conversations().unwrap();
    conversations::holds(&*kept, &*adapters.read_receipts().unwrap()).await;
    conversations::names_peers(&*kept, &*adapters.direct_peers().unwrap()).await;
    let (pages, settings) = (adapters.roster_pages().unwrap(), adapters.membership_settings().unwrap());
    conversations::pages_and_settings_hold(&*kept, &*pages, &*settings).await;
    rows::hold(&*adapters.conversation_rows().unwrap(), &*kept, &*adapters.message_log().unwrap()).await;
}

#[tokio::test]
async fn dynamodb_keeps_connections_and_tickets() {
    let tables = Tables::start().await;
    let adapters = tables.adapters();
    connections::holds(&*adapters.connections().unwrap()).await;
    tickets::holds(&*adapters.tickets().unwrap()).await;
    presence::is_kept(&*adapters.presence().unwrap()).await;
}

#[tokio::test]
async fn dynamodb_keeps_answers_for_two_units() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let kept = adapters.idempotency().unwrap();
    idempotency::holds(&*kept).await;
    meter.take();
    let attempt = idempotency::attempt_at(NOW);
    kept.begin(&attempt).await.unwrap();
    kept.finish(&attempt, &idempotency::answer()).await.unwrap();
    let used = meter.take();
    assert_eq!((used["PutItem"].units, used["UpdateItem"].units), (1.0, 1.0), "{used:?}");
}

#[tokio::test]
async fn dynamodb_keeps_blocks() {
    let tables = Tables::start().await;
    let adapters = tables.adapters();
    let (blocks, log) = (adapters.blocks().unwrap(), adapters.message_log().unwrap());
    let conversations = adapters.conversations().unwrap();
    let tables = blocks::Tables { blocks: &*blocks, conversations: &*conversations, log: &*log };
    blocks::holds(tables).await;
}

#[tokio::test]
async fn dynamodb_keeps_attachments() {
    let tables = Tables::start().await;
    attachments::holds(&*tables.adapters().attachments().unwrap()).await;
}

#[tokio::test]
async fn dynamodb_keeps_people() {
    let tables = Tables::start().await;
    people::holds(&*tables.adapters().people().unwrap()).await;
}

#[tokio::test]
async fn an_ordinary_message_costs_one_call_and_one_write_unit() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let (log, conversations) = (adapters.message_log().unwrap(), adapters.conversations().unwrap());
    let (id, alice) = (conversation_id(), "3f2c8f5e-8a52-4b0e-9c39-5a2e0f5a9d11");
    let made = creation(id, &[alice, "bob"]);
    conversations.create(&made).await.unwrap();
    let begun = meter.take();
    assert_eq!(begun["TransactWriteItems"].calls, 1);

    let head = made.entry.head();
    let content = MessageContent::parse(&"x".repeat(600), false).unwrap();
    let sent = Message::sent(MessageBody { content, ..MessageBody::default() }, head.seq.next());
    let key = MessageKey::Client(ClientMessageId::parse("b8c9b3d2-6a0e-4d0f-8b1c-2f6d1c3a4e5f").unwrap());
    let entry = head.followed_by(user(alice), NOW, Some(key), EntryBody::MessageSent(sent));
    assert_eq!(log.append(id, &entry).await.unwrap(), Append::Stored);
    let used = meter.take();
    assert_eq!(used.len(), 1, "{used:?}");
    assert_eq!((used["PutItem"].calls, used["PutItem"].units), (1, 1.0));

    log.tail(id).await.unwrap();
    let used = meter.take();
    assert_eq!((used["Query"].calls, used["Query"].units), (1, 1.0), "one strong read of up to 4 KB");

    let next = message(&entry.head(), "bob", "known for a day");
    let beside = Beside { remembers_key: true, claims: Vec::new() };
    assert_eq!(log.append_once(id, &next, &beside).await.unwrap(), AppendOnce::Stored);
    let used = meter.take();
    assert_eq!((used["TransactWriteItems"].calls, used["TransactWriteItems"].units), (1, 4.0));

    let order = Order::Descending;
    let newest = LogRange { after: 0, up_to: None, order, limit: 50, consistency: Consistency::Eventual };
    log.page(id, newest).await.unwrap();
    let used = meter.take();
    assert_eq!((used["Query"].calls, used["Query"].units), (1, 0.5));
}

#[tokio::test]
async fn a_read_costs_one_write_unit_and_at_most_half_a_read_unit() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let (log, conversations) = (adapters.message_log().unwrap(), adapters.conversations().unwrap());
    let made = creation(conversation_id(), &["alice", "bob"]);
    let id = made.conversation.id;
    conversations.create(&made).await.unwrap();
    let sent = message(&made.entry.head(), "alice", "one");
    log.append(id, &sent).await.unwrap();
    meter.take();

    let cursor = ReadCursor { seq: sent.seq, n: sent.n, at: NOW };
    let moved = conversations.advance_cursor(&user("bob"), id, cursor).await.unwrap();
    assert_eq!(moved, Advance::Moved);
    let used = meter.take();
    assert_eq!(used.len(), 1, "{used:?}");
    assert_eq!((used["UpdateItem"].calls, used["UpdateItem"].units), (1, 1.0));

    let ordinal = LogRange {
        after: 1,
        up_to: Some(sent.seq),
        order: Order::Ascending,
        limit: 1,
        consistency: Consistency::Eventual,
    };
    assert_eq!(log.page(id, ordinal).await.unwrap().entries, [sent]);
    let used = meter.take();
    assert_eq!((used.len(), used["Query"].calls, used["Query"].units), (1, 1, 0.5));
}

#[tokio::test]
async fn a_page_of_fifty_conversations_costs_three_calls_by_key() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let (log, conversations) = (adapters.message_log().unwrap(), adapters.conversations().unwrap());
    let rows = adapters.conversation_rows().unwrap();
    let (mut ids, mut messages, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..50 {
        let made = creation(conversation_id(), &["alice", "bob"]);
        let id = made.conversation.id;
        conversations.create(&made).await.unwrap();
        let sent = message(&made.entry.head(), "alice", "hello");
        log.append(id, &sent).await.unwrap();
        ids.push(id);
        messages.push(MessageId::new(id, sent.seq));
        members.extend(["alice", "bob"].map(|name| (id, user(name))));
    }
    meter.take();
    assert_eq!(rows.conversations(&ids).await.unwrap().len(), 50);
    assert_eq!(rows.entries(&messages).await.unwrap().len(), 50);
    let used = meter.take();
    assert_eq!((used["BatchGetItem"].calls, used["BatchGetItem"].units), (2, 100.0), "strongly, one each");
    assert_eq!(rows.cursors(&members).await.unwrap().len(), 100);
    let used = meter.take();
    assert_eq!((used["BatchGetItem"].calls, used["BatchGetItem"].units), (1, 50.0));
}

#[tokio::test]
async fn a_handshake_costs_one_write_and_one_read() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let connection = Connection {
        id: ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap(),
        user: user("alice"),
        scope: SocketScope::Messaging,
        expires_at: NOW,
        opened_at: NOW,
    };
    adapters.connections().unwrap().register(&connection, NOW).await.unwrap();
    let used = meter.take();
    assert_eq!((used["PutItem"].calls, used["PutItem"].units), (1, 1.0));
    assert_eq!((used["Query"].calls, used["Query"].units), (1, 1.0));
}

#[tokio::test]
async fn a_choice_and_a_departure_cost_one_write_unit_each() {
    let tables = Tables::start().await;
    let (adapters, meter) = tables.metered();
    let (presence, alice) = (adapters.presence().unwrap(), user("alice"));
    let text = Some(StatusText::parse("in a meeting").unwrap());
    presence.choose(&alice, &PresenceChoice { status: ChosenStatus::Busy, text }, NOW).await.unwrap();
    presence.leave(&alice, NOW).await.unwrap();
    let used = meter.take();
    assert_eq!((used["UpdateItem"].calls, used["UpdateItem"].units), (2, 2.0));
    presence.records(std::slice::from_ref(&alice)).await.unwrap();
    assert!((meter.take()["GetItem"].units - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_a_failure_that_tells_nothing_of_the_message() {
    let nowhere = format!("http://127.0.0.1:{}", super::servers::free_port().await);
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", nowhere.as_str()),
        ("CHAT_TABLE", "chat"),
    ];
    let adapters = parlance_adapters::Adapters::new(configuration(&variables.into()));
    let head = creation(conversation_id(), &["alice"]).entry.head();
    let entry = message(&head, "alice", "secret");
    let log = adapters.message_log().unwrap();
    let failure = log.append(conversation_id(), &entry).await.unwrap_err();
    let told = format!("{failure:?}");
    assert!(told.contains("PutItem") && !told.contains("secret"), "{told}");
    assert!(adapters.connections().is_err(), "a variable that is not there is named");
}
