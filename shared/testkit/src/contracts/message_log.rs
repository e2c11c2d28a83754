//! What a [`MessageLog`] owes: each position once, pages without holes, and transactions that are whole or not at all.

mod changes;

use futures::future::join_all;
use parlance_application::ports::{
    attachments::AttachmentRepository,
    conversations::ConversationRepository,
    log::{Append, AppendOnce, Beside, Claim, Commit, Consistency, LogRange, MessageLog, Order, RowChange},
};
use parlance_domain::{
    attachment::{Attachment, UploadMethod},
    head::{Head, Seq},
    ids::{ConversationId, MessageId},
    log::{Entry, EntryBody},
    message::Message,
};

use super::{
    attachments::begun,
    fixtures::{conversation_id, creation, message, seq},
};

/// The keepers under test; both are of one table.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    /// The logs.
    pub log: &'a dyn MessageLog,
    /// The conversations.
    pub conversations: &'a dyn ConversationRepository,
}

/// Checks every promise.
pub async fn holds(tables: Tables<'_>) {
    a_position_is_written_once_by_whoever_comes_first(tables).await;
    the_tail_is_the_newest_entry(tables).await;
    pages_have_no_holes_in_either_order(tables).await;
    a_known_client_id_is_recognised(tables).await;
    changes::hold(tables).await;
}

impl Tables<'_> {
    /// A new conversation of these people, and its head.
    async fn conversation(&self, people: &[&str]) -> (ConversationId, Head) {
        let id = conversation_id();
        let creation = creation(id, people);
        self.conversations.create(&creation).await.unwrap();
        (id, creation.entry.head())
    }

    /// Appends messages one after another.
    async fn send(&self, id: ConversationId, mut head: Head, count: usize) -> Vec<Entry> {
        let mut sent = Vec::new();
        for number in 0..count {
            let entry = message(&head, "alice", &format!("message {number}"));
            assert_eq!(self.log.append(id, &entry).await.unwrap(), Append::Stored);
            head = entry.head();
            sent.push(entry);
        }
        sent
    }
}

async fn a_position_is_written_once_by_whoever_comes_first(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice", "bob"]).await;
    let entries: Vec<_> = (0..8).map(|number| message(&head, "alice", &format!("race {number}"))).collect();
    let outcomes = join_all(entries.iter().map(|entry| tables.log.append(id, entry))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    let winner = outcomes.iter().position(|outcome| *outcome == Append::Stored).unwrap();
    for (place, outcome) in outcomes.into_iter().enumerate() {
        if place != winner {
            assert_eq!(outcome, Append::Taken(Box::new(entries[winner].clone())));
        }
    }
    let again = tables.log.append(id, &entries[winner]).await.unwrap();
    assert_eq!(again, Append::Taken(Box::new(entries[winner].clone())), "a retry finds itself");
}

async fn the_tail_is_the_newest_entry(tables: Tables<'_>) {
    assert_eq!(tables.log.tail(conversation_id()).await.unwrap(), None);
    let (id, head) = tables.conversation(&["alice"]).await;
    assert_eq!(tables.log.tail(id).await.unwrap(), Some(head));
    let sent = tables.send(id, head, 11).await;
    assert_eq!(tables.log.tail(id).await.unwrap(), Some(sent[10].head()));
}

async fn pages_have_no_holes_in_either_order(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let sent = tables.send(id, head, 9).await;
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for order in [Order::Ascending, Order::Descending] {
            let whole = LogRange { after: 0, up_to: None, order, limit: 3, consistency };
            let mut expected: Vec<_> = (1..=10).collect();
            if order == Order::Descending {
                expected.reverse();
            }
            assert_eq!(read_all(tables, id, whole).await, expected);
            let part = LogRange { after: 3, up_to: Some(seq(8)), ..whole };
            let mut expected: Vec<_> = (4..=8).collect();
            if order == Order::Descending {
                expected.reverse();
            }
            assert_eq!(read_all(tables, id, part).await, expected);
        }
        let range = LogRange { after: 10, up_to: None, order: Order::Ascending, limit: 5, consistency };
        let beyond = tables.log.page(id, range).await.unwrap();
        assert!(beyond.entries.is_empty() && beyond.is_last);
        let empty = LogRange { after: 5, up_to: Some(seq(5)), ..range };
        let empty = tables.log.page(id, empty).await.unwrap();
        assert!(empty.entries.is_empty() && empty.is_last);
    }
    let asked = [seq(10), seq(2), seq(99), seq(2)];
    let mut found = tables.log.entries_at(id, &asked).await.unwrap();
    found.sort_by_key(|entry| entry.seq);
    assert_eq!(found, [sent[0].clone(), sent[8].clone()]);
}

/// Pages as a caller does, and gives up on a keeper that never ends.
async fn read_all(tables: Tables<'_>, id: ConversationId, mut range: LogRange) -> Vec<u64> {
    let mut seqs = Vec::new();
    for _ in 0..20 {
        let page = tables.log.page(id, range).await.unwrap();
        assert!(page.entries.len() <= range.limit);
        seqs.extend(page.entries.iter().map(|entry| entry.seq.get()));
        if page.is_last {
            return seqs;
        }
        let last = page.entries.last().expect("a page that is not the last has an entry").seq;
        match range.order {
            Order::Ascending => range.after = last.get(),
            Order::Descending => range.up_to = last.previous(),
        }
    }
    panic!("the pages never end");
}

async fn a_known_client_id_is_recognised(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice", "bob#%"]).await;
    let beside = Beside { remembers_key: true, claims: Vec::new() };
    let first = message(&head, "alice", "once");
    assert_eq!(tables.log.append_once(id, &first, &beside).await.unwrap(), AppendOnce::Stored);
    let retry = message(&first.head(), "alice", "once");
    assert_eq!(
        tables.log.append_once(id, &retry, &beside).await.unwrap(),
        AppendOnce::AlreadySent(first.seq)
    );
    let same = tables.log.append_once(id, &first, &beside).await.unwrap();
    assert_eq!(same, AppendOnce::AlreadySent(first.seq), "the very same attempt too");
    assert_eq!(tables.log.tail(id).await.unwrap(), Some(first.head()), "nothing was stored");

    let taken = message(&head, "alice", "too late");
    assert_eq!(tables.log.append_once(id, &taken, &beside).await.unwrap(), AppendOnce::Contended);
    let free = message(&first.head(), "alice", "too late");
    let outcome = tables.log.append_once(id, &free, &beside).await.unwrap();
    assert_eq!(outcome, AppendOnce::Stored, "a refused attempt leaves its key unused");

    let others = message(&free.head(), "bob#%", "once");
    let outcome = tables.log.append_once(id, &others, &beside).await.unwrap();
    assert_eq!(outcome, AppendOnce::Stored, "somebody else's same key is another message");
    let (elsewhere, head) = tables.conversation(&["alice"]).await;
    let outcome = tables.log.append_once(elsewhere, &message(&head, "alice", "once"), &beside).await.unwrap();
    assert_eq!(outcome, AppendOnce::Stored, "another conversation's same key is another message");
    assert!(matches!(others.body, EntryBody::MessageSent(_)));
}

/// Checks that a message and the files that it takes stand together or not at all.
pub async fn takes_files(tables: Tables<'_>, attachments: &dyn AttachmentRepository) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let file = |name: &str| begun(name, UploadMethod::Form);
    let (one, two) = (file("alice"), file("alice"));
    for file in [&one, &two] {
        attachments.create(file).await.unwrap();
    }
    let take = |file: &Attachment, seq: Seq| {
        Claim::Take(Box::new(file.clone().claimed_by(MessageId::new(id, seq)).unwrap()))
    };
    let beside = |remembers_key, claims| Beside { remembers_key, claims };

    let first = message(&head, "alice", "one");
    let unclaimed = beside(true, vec![take(&one, first.seq), Claim::Refused(file("alice").id)]);
    let outcome = tables.log.append_once(id, &first, &unclaimed).await.unwrap();
    assert_eq!(outcome, AppendOnce::Unclaimed, "one file that is not to be had");
    assert_eq!(tables.log.tail(id).await.unwrap(), Some(head));
    assert_eq!(attachments.find(one.id).await.unwrap(), Some(one.clone()));

    let both = beside(true, vec![take(&one, first.seq), take(&two, first.seq)]);
    assert_eq!(tables.log.append_once(id, &first, &both).await.unwrap(), AppendOnce::Stored);
    for file in [&one, &two] {
        let taken = attachments.find(file.id).await.unwrap().unwrap();
        assert_eq!(taken.message, Some(MessageId::new(id, first.seq)));
        assert_eq!((taken.expires_at, taken.version), (None, file.version + 1));
    }

    let again = tables.log.append_once(id, &message(&first.head(), "alice", "one"), &both).await.unwrap();
    assert_eq!(
        again,
        AppendOnce::AlreadySent(first.seq),
        "a known key says more than a file that is not to be had"
    );
    let overtaken = message(&head, "alice", "two");
    let outcome = tables.log.append_once(id, &overtaken, &beside(true, vec![take(&one, first.seq)])).await;
    assert_eq!(outcome.unwrap(), AppendOnce::Contended, "and so does a position that is taken");
    let second = message(&first.head(), "alice", "two");
    let outcome = tables.log.append_once(id, &second, &beside(false, vec![take(&one, second.seq)])).await;
    assert_eq!(outcome.unwrap(), AppendOnce::Unclaimed, "it is another message's");

    let since = first.seq;
    let EntryBody::MessageSent(sent) = &first.body else { panic!("it is a message") };
    let gone = EntryBody::MessageDeleted { target: first.seq };
    let deletion = first.head().followed_by(first.actor.clone(), first.at, None, gone);
    let tombstone = Message { since: deletion.seq, deleted: true, ..sent.clone() };
    let changes = [
        RowChange::SetMessage { target: first.seq, message: Box::new(tombstone), since },
        RowChange::RemoveAttachment { id: one.id },
        RowChange::RemoveAttachment { id: two.id },
        RowChange::RemoveAttachment { id: file("alice").id },
    ];
    assert_eq!(tables.log.commit(id, &deletion, &changes).await.unwrap(), Commit::Committed);
    assert_eq!(attachments.find_all(&[one.id, two.id]).await.unwrap(), []);
}
