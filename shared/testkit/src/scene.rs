//! A scene for tests of use cases that read: conversations with people and messages in them, written straight through the ports.

use std::{sync::Arc, time::Duration};

use parlance_application::{
    conversations::{
        detail::ConversationDetail, list::ListConversations, standing::Standings, summary::Summaries,
    },
    limits::{limiter::RateLimiter, rates::RateLimits},
    log::rosters::RosterReader,
    ports::{
        conversations::{ConversationRepository, Creation},
        environment::Clock,
        log::{Append, Commit, MessageLog, RowChange},
    },
    safeguards::Safeguards,
};
use parlance_domain::{
    conversation::{Conversation, ConversationKind, History},
    head::{Head, Seq},
    ids::{ConversationId, MessageId, UserId},
    log::{Entry, EntryBody, Joining, MessageKey},
    message::{Message, MessageBody, MessageContent},
    permissions::Role,
    roster::{Participant, Roster},
};

use crate::memory::{cloud::MemoryCloud, environment::ManualClock, redis::MemoryRedis};

/// A table, a cache and a clock, and what a test lets people do with them.
#[derive(Default)]
pub struct Scene {
    /// The table.
    pub cloud: MemoryCloud,
    /// The cache. Nothing that the scene writes leaves a hint in it.
    pub redis: MemoryRedis,
    /// The clock. It moves by a second with everything that is written.
    pub clock: ManualClock,
}

impl Scene {
    /// The table as the log's port.
    pub fn log(&self) -> Arc<dyn MessageLog> {
        Arc::new(self.cloud.clone())
    }

    /// The table as the port of conversations.
    pub fn conversations(&self) -> Arc<dyn ConversationRepository> {
        Arc::new(self.cloud.clone())
    }

    /// Limits by this clock and the counters of this cache.
    pub fn limiter(&self, limits: RateLimits) -> RateLimiter {
        RateLimiter::new(limits, Arc::new(self.redis.clone()), Arc::new(self.clock.clone()))
    }

    /// Lists a user's conversations.
    pub fn lister(&self) -> ListConversations {
        let (standings, summaries) = (self.standings(), self.summaries());
        let table = Arc::new(self.cloud.clone());
        ListConversations::new(table.clone(), table, Arc::new(self.clock.clone()), standings, summaries)
    }

    /// Shows one conversation.
    pub fn detail(&self) -> ConversationDetail {
        let redis = Arc::new(self.redis.clone());
        ConversationDetail::new(self.log(), self.conversations(), redis, self.summaries())
    }

    /// Where users stand.
    pub fn standings(&self) -> Standings {
        Standings::new(self.log(), self.conversations(), Arc::new(self.redis.clone()))
    }

    fn summaries(&self) -> Summaries {
        let (table, redis) = (Arc::new(self.cloud.clone()), Arc::new(self.redis.clone()));
        let rosters = RosterReader::new(table.clone(), table.clone(), redis.clone(), Safeguards::ALL);
        Summaries::new(table.clone(), table, rosters, redis)
    }

    /// Creates the conversation of this number with its people; the first of them is the owner.
    pub async fn conversation(&self, number: u8, history: History, people: &[&str]) -> ConversationId {
        self.clock.advance(Duration::from_secs(1));
        let id = ConversationId::from_bytes([number; 16]);
        let users: Vec<UserId> = people.iter().map(|name| user(name)).collect();
        let role = |place| if place == 0 { Role::Owner } else { Role::Member };
        let row = |role| Participant { role, joined: Seq::FIRST, since: Seq::FIRST };
        let roster: Roster =
            users.iter().enumerate().map(|(place, user)| (user.clone(), row(role(place)))).collect();
        let conversation = Conversation {
            id,
            kind: ConversationKind::Group,
            title: None,
            reference: None,
            created_by: users[0].clone(),
            created_at: self.clock.now(),
            history,
            since: Seq::FIRST,
        };
        let joining = users
            .iter()
            .enumerate()
            .map(|(place, user)| Joining { user: user.clone(), role: role(place) })
            .collect();
        let entry = Entry {
            seq: Seq::FIRST,
            n: 0,
            roster_version: Seq::FIRST,
            roster_sum: roster.sum(),
            at: self.clock.now(),
            actor: users[0].clone(),
            last_message: None,
            key: None,
            body: EntryBody::ConversationCreated {
                conversation: Box::new(conversation.clone()),
                participants: joining,
            },
        };
        self.cloud.create(&Creation { conversation, roster, entry }).await.unwrap();
        id
    }

    /// Somebody says something.
    pub async fn say(&self, conversation: ConversationId, who: &str, text: &str) -> MessageId {
        let content = MessageContent::parse(text, false).unwrap();
        self.send(conversation, who, MessageBody { content, ..MessageBody::default() }).await
    }

    /// Somebody sends something.
    pub async fn send(&self, conversation: ConversationId, who: &str, body: MessageBody) -> MessageId {
        let head = self.tick(conversation).await;
        let message = Message::sent(body, head.seq.next());
        let key = MessageKey::Invocation([7; 16]);
        let entry = head.followed_by(user(who), self.clock.now(), Some(key), EntryBody::MessageSent(message));
        assert_eq!(self.cloud.append(conversation, &entry).await.unwrap(), Append::Stored);
        MessageId::new(conversation, entry.seq)
    }

    /// The sender gives a message another text.
    pub async fn edit(&self, id: MessageId, text: &str) -> Seq {
        let (head, mut message) = (self.tick(id.conversation).await, self.message(id).await);
        let since = message.1.since;
        message.1.body.content = MessageContent::parse(text, false).unwrap();
        message.1.version += 1;
        message.1.since = head.seq.next();
        message.1.edited_at = Some(self.clock.now());
        let body = EntryBody::MessageEdited { target: id.seq, version: message.1.version };
        self.change_message(&head, id, message, since, body).await
    }

    /// The sender deletes a message.
    pub async fn delete(&self, id: MessageId) -> Seq {
        let (head, mut message) = (self.tick(id.conversation).await, self.message(id).await);
        let since = message.1.since;
        message.1.body = MessageBody::default();
        message.1.since = head.seq.next();
        message.1.deleted = true;
        self.change_message(&head, id, message, since, EntryBody::MessageDeleted { target: id.seq }).await
    }

    /// Somebody joins, added by somebody else.
    pub async fn join(&self, conversation: ConversationId, by: &str, who: &str) -> Seq {
        let head = self.tick(conversation).await;
        let seq = head.seq.next();
        let participant = Participant { role: Role::Member, joined: seq, since: seq };
        let participants = vec![Joining { user: user(who), role: Role::Member }];
        let mut entry =
            head.followed_by(user(by), self.clock.now(), None, EntryBody::ParticipantsAdded { participants });
        entry.roster_version = seq;
        entry.roster_sum = head.roster_sum.with(&user(who), &participant);
        self.commit(conversation, &entry, RowChange::Join { user: user(who), participant }).await
    }

    /// Somebody leaves.
    pub async fn leave(&self, conversation: ConversationId, who: &str) -> Seq {
        let head = self.tick(conversation).await;
        let roster = self.cloud.roster(conversation).await.unwrap();
        let participant = *roster.member(&user(who)).unwrap().participant;
        let mut entry = head.followed_by(
            user(who),
            self.clock.now(),
            None,
            EntryBody::ParticipantRemoved { user: user(who) },
        );
        entry.roster_version = entry.seq;
        entry.roster_sum = head.roster_sum.without(&user(who), &participant);
        let change = RowChange::Leave { user: user(who), since: participant.since };
        self.commit(conversation, &entry, change).await
    }

    /// The newest entry's head.
    pub async fn head(&self, conversation: ConversationId) -> Head {
        self.cloud.tail(conversation).await.unwrap().unwrap()
    }

    async fn tick(&self, conversation: ConversationId) -> Head {
        self.clock.advance(Duration::from_secs(1));
        self.head(conversation).await
    }

    async fn message(&self, id: MessageId) -> (UserId, Message) {
        let entries = self.cloud.entries_at(id.conversation, &[id.seq]).await.unwrap();
        let placed = entries[0].message(id.conversation).unwrap();
        (placed.sender, placed.message)
    }

    async fn change_message(
        &self,
        head: &Head,
        id: MessageId,
        (sender, message): (UserId, Message),
        since: Seq,
        body: EntryBody,
    ) -> Seq {
        let entry = head.followed_by(sender, self.clock.now(), None, body);
        let change = RowChange::SetMessage { target: id.seq, message: Box::new(message), since };
        self.commit(id.conversation, &entry, change).await
    }

    async fn commit(&self, conversation: ConversationId, entry: &Entry, change: RowChange) -> Seq {
        let committed = self.cloud.commit(conversation, entry, &[change]).await.unwrap();
        assert_eq!(committed, Commit::Committed);
        entry.seq
    }
}

/// The user of this name.
pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}
