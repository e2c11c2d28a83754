//! Entries that change rows: all of it or nothing, and only from the version that the caller saw.

use parlance_application::ports::{
    conversations::ReadCursor,
    log::{Commit, RowChange},
};
use parlance_domain::{
    conversation::Title,
    head::{Head, Seq},
    ids::ConversationId,
    log::{Entry, EntryBody, Joining},
    message::{MessageBody, MessageContent},
    permissions::Role,
    roster::Participant,
};

use super::Tables;
use crate::contracts::fixtures::{NOW, message, seq, user};

pub(super) async fn hold(tables: Tables<'_>) {
    joining_and_leaving_change_both_rows(tables).await;
    a_role_changes_only_from_the_version_seen(tables).await;
    a_message_changes_in_place_and_keeps_its_key(tables).await;
    a_refusal_leaves_nothing_behind(tables).await;
    a_title_and_an_end_stand_in_the_conversation(tables).await;
}

fn next(head: &Head, body: EntryBody) -> Entry {
    head.followed_by(user("alice"), NOW, None, body)
}

fn joins(head: &Head, name: &str) -> (Entry, RowChange) {
    let joining = Joining { user: user(name), role: Role::Guest };
    let entry = next(head, EntryBody::ParticipantsAdded { participants: vec![joining] });
    let participant = Participant { role: Role::Guest, joined: entry.seq, since: entry.seq };
    (entry, RowChange::Join { user: user(name), participant })
}

fn leaves(head: &Head, name: &str, since: Seq) -> (Entry, RowChange) {
    let entry = next(head, EntryBody::ParticipantRemoved { user: user(name) });
    (entry, RowChange::Leave { user: user(name), since })
}

async fn commit(tables: Tables<'_>, id: ConversationId, (entry, change): (Entry, RowChange)) -> Commit {
    tables.log.commit(id, &entry, &[change]).await.unwrap()
}

async fn joining_and_leaving_change_both_rows(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let (entry, join) = joins(&head, "carol");
    assert_eq!(commit(tables, id, (entry.clone(), join)).await, Commit::Committed);
    let roster = tables.conversations.roster(id).await.unwrap();
    assert_eq!(roster.member(&user("carol")).unwrap().participant.joined, entry.seq);
    let membership = tables.conversations.membership(&user("carol"), id).await.unwrap().unwrap();
    assert_eq!(membership.joined, entry.seq);
    assert_eq!(membership.cursor, ReadCursor { seq: entry.seq, n: entry.n, at: entry.at });

    let again = joins(&entry.head(), "carol");
    assert_eq!(commit(tables, id, again).await, Commit::Refused, "who is there cannot join");
    let stale = leaves(&entry.head(), "carol", Seq::FIRST);
    assert_eq!(commit(tables, id, stale).await, Commit::Refused, "the row is of another version");
    let leave = leaves(&entry.head(), "carol", entry.seq);
    assert_eq!(commit(tables, id, leave).await, Commit::Committed);
    assert!(tables.conversations.roster(id).await.unwrap().member(&user("carol")).is_none());
    assert_eq!(tables.conversations.membership(&user("carol"), id).await.unwrap(), None);
}

async fn a_role_changes_only_from_the_version_seen(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice", "bob"]).await;
    let entry = next(&head, EntryBody::ParticipantUpdated { user: user("bob"), role: Role::Admin });
    let participant = Participant { role: Role::Admin, joined: Seq::FIRST, since: entry.seq };
    let change = |since| RowChange::SetRole { user: user("bob"), participant, since };
    assert_eq!(commit(tables, id, (entry.clone(), change(seq(9)))).await, Commit::Refused);
    assert_eq!(commit(tables, id, (entry, change(Seq::FIRST))).await, Commit::Committed);
    let roster = tables.conversations.roster(id).await.unwrap();
    assert_eq!(roster.member(&user("bob")).unwrap().participant, &participant);
}

async fn a_message_changes_in_place_and_keeps_its_key(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let sent = message(&head, "alice", "to be edited");
    tables.log.append(id, &sent).await.unwrap();
    let entry = next(&sent.head(), EntryBody::MessageEdited { target: sent.seq, version: 2 });
    let EntryBody::MessageSent(mut edited) = sent.body.clone() else { unreachable!() };
    let content = MessageContent::parse("edited", false).unwrap();
    edited.body = MessageBody { content, ..MessageBody::default() };
    (edited.version, edited.since, edited.edited_at) = (2, entry.seq, Some(NOW));
    let change = |since| {
        let message = Box::new(edited.clone());
        RowChange::SetMessage { target: sent.seq, message, since }
    };
    assert_eq!(commit(tables, id, (entry.clone(), change(seq(9)))).await, Commit::Refused);
    assert_eq!(commit(tables, id, (entry.clone(), change(sent.seq))).await, Commit::Committed);
    let found = tables.log.entries_at(id, &[sent.seq]).await.unwrap();
    assert_eq!(found, [Entry { body: EntryBody::MessageSent(edited), ..sent }]);
}

async fn a_refusal_leaves_nothing_behind(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let (entry, join) = joins(&head, "dave");
    let (_, leave) = leaves(&head, "nobody", Seq::FIRST);
    let outcome = tables.log.commit(id, &entry, &[join.clone(), leave]).await.unwrap();
    assert_eq!(outcome, Commit::Refused);
    assert_eq!(tables.log.tail(id).await.unwrap(), Some(head));
    assert!(tables.conversations.roster(id).await.unwrap().member(&user("dave")).is_none());
    assert_eq!(tables.conversations.membership(&user("dave"), id).await.unwrap(), None);
    let taken = Entry { seq: Seq::FIRST, ..entry };
    assert_eq!(
        tables.log.commit(id, &taken, &[join]).await.unwrap(),
        Commit::Refused,
        "the position is taken"
    );
    assert!(tables.conversations.roster(id).await.unwrap().member(&user("dave")).is_none());
}

async fn a_title_and_an_end_stand_in_the_conversation(tables: Tables<'_>) {
    let (id, head) = tables.conversation(&["alice"]).await;
    let title = Title::parse("Über alles").unwrap();
    let retitled = next(&head, EntryBody::ConversationRetitled { title: title.clone() });
    let change = |since| RowChange::SetTitle { title: title.clone(), since };
    assert_eq!(commit(tables, id, (retitled.clone(), change(seq(9)))).await, Commit::Refused);
    assert_eq!(commit(tables, id, (retitled.clone(), change(Seq::FIRST))).await, Commit::Committed);
    let conversation = tables.conversations.find(id).await.unwrap().unwrap();
    assert_eq!((conversation.title, conversation.since), (Some(title), retitled.seq));
    let closed = next(&retitled.head(), EntryBody::ConversationDeleted);
    let close = |since| RowChange::Close { since };
    assert_eq!(commit(tables, id, (closed.clone(), close(Seq::FIRST))).await, Commit::Refused);
    assert_eq!(commit(tables, id, (closed.clone(), close(retitled.seq))).await, Commit::Committed);
    assert_eq!(tables.conversations.find(id).await.unwrap().unwrap().since, closed.seq);
}
