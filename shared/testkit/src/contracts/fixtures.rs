//! People, conversations and entries for the suites.

use parlance_application::ports::conversations::Creation;
use parlance_domain::{
    conversation::{Conversation, ConversationKind, History},
    head::{Head, Seq},
    ids::{ClientMessageId, ConversationId, UserId},
    log::{Entry, EntryBody, Joining, MessageKey},
    message::{Message, MessageBody, MessageContent},
    permissions::Role,
    roster::{Participant, Roster},
    time::Timestamp,
};

/// When everything happens.
pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// A position.
pub fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

/// Somebody.
pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A conversation of its own for one test.
pub fn conversation_id() -> ConversationId {
    ConversationId::from_bytes(rand::random())
}

/// A conversation of these people, the first of whom owns it.
pub fn creation(id: ConversationId, people: &[&str]) -> Creation {
    let role = |place| if place == 0 { Role::Owner } else { Role::Member };
    let roster: Roster = people
        .iter()
        .enumerate()
        .map(|(place, name)| {
            (user(name), Participant { role: role(place), joined: Seq::FIRST, since: Seq::FIRST })
        })
        .collect();
    let conversation = Conversation {
        id,
        kind: ConversationKind::Group,
        title: None,
        reference: None,
        created_by: user(people[0]),
        created_at: NOW,
        history: History::All,
        since: Seq::FIRST,
    };
    let participants = people.iter().enumerate();
    let body = EntryBody::ConversationCreated {
        conversation: Box::new(conversation.clone()),
        participants: participants
            .map(|(place, name)| Joining { user: user(name), role: role(place) })
            .collect(),
    };
    let entry = Entry {
        seq: Seq::FIRST,
        n: 0,
        roster_version: Seq::FIRST,
        roster_sum: roster.sum(),
        at: NOW,
        actor: user(people[0]),
        last_message: None,
        key: None,
        body,
    };
    Creation { conversation, roster, entry }
}

/// The message that follows a head.
pub fn message(after: &Head, sender: &str, client_id: &str) -> Entry {
    let content = MessageContent::parse(&format!("{client_id} says hello"), false).unwrap();
    let body = MessageBody { content, ..MessageBody::default() };
    let key = MessageKey::Client(ClientMessageId::parse(client_id).unwrap());
    let sent = EntryBody::MessageSent(Message::sent(body, after.seq.next()));
    after.followed_by(user(sender), NOW, Some(key), sent)
}
