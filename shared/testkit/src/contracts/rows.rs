//! What [`ConversationRows`] owe: every row that was asked for, of however many conversations, and no other.

use std::collections::{BTreeMap, BTreeSet};

use parlance_application::ports::{
    conversations::{ConversationRepository, ReadCursor},
    log::{Append, MessageLog},
    rows::ConversationRows,
};
use parlance_domain::{
    head::Seq,
    ids::{ConversationId, MessageId},
};

use super::fixtures::{NOW, conversation_id, creation, message, seq, user};

/// More than are read in one call.
const MANY: usize = 130;

/// Checks every promise.
pub async fn hold(
    rows: &dyn ConversationRows,
    conversations: &dyn ConversationRepository,
    log: &dyn MessageLog,
) {
    let mut made = BTreeMap::new();
    let mut sent = BTreeMap::new();
    for _ in 0..MANY {
        let creation = creation(conversation_id(), &["alice", "bob#%"]);
        conversations.create(&creation).await.unwrap();
        let id = creation.conversation.id;
        let entry = message(&creation.entry.head(), "alice", "hello");
        assert_eq!(log.append(id, &entry).await.unwrap(), Append::Stored);
        sent.insert(id, entry);
        made.insert(id, creation.conversation);
    }
    let asked: Vec<ConversationId> = made.keys().copied().chain([conversation_id()]).collect();
    let found = rows.conversations(&asked).await.unwrap();
    let found: BTreeMap<_, _> =
        found.into_iter().map(|conversation| (conversation.id, conversation)).collect();
    assert_eq!(found, made);

    let mut ids: Vec<MessageId> = asked.iter().map(|id| MessageId::new(*id, seq(2))).collect();
    ids.push(MessageId::new(asked[0], seq(99)));
    let found: BTreeMap<_, _> = rows.entries(&ids).await.unwrap().into_iter().collect();
    assert_eq!(found, sent);

    let of: Vec<_> =
        asked.iter().flat_map(|id| ["alice", "bob#%", "stranger"].map(|name| (*id, user(name)))).collect();
    let found = rows.cursors(&of).await.unwrap();
    let start = ReadCursor { seq: Seq::FIRST, n: 0, at: NOW };
    assert!(found.iter().all(|(_, _, cursor)| *cursor == start));
    let found: BTreeSet<_> = found.into_iter().map(|(id, user, _)| (id, user)).collect();
    let members = made.keys().flat_map(|id| ["alice", "bob#%"].map(|name| (*id, user(name))));
    assert_eq!(found, members.collect());
    assert_eq!(rows.conversations(&[]).await.unwrap(), []);
    assert_eq!(rows.entries(&[]).await.unwrap(), []);
    assert_eq!(rows.cursors(&[]).await.unwrap(), []);
}
