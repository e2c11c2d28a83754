//! What clients do in a trial: what they want, when they try again, and what they make of an answer.

use futures::FutureExt;
use parlance_application::{
    conversations::change::ChangeRequest,
    limits::admission::Admission,
    log::change::Change,
    messages::send::{Draft, SendMessageError, Sent},
    participants::{add::AddParticipants, remove::RemoveParticipant, set_role::SetRole},
    ports::connections::ConnectionDirectory,
};
use parlance_domain::{
    connection::{Connection, SocketScope},
    conversation::{Conversation, ConversationKind, History},
    head::Seq,
    ids::{ClientMessageId, UserId},
    log::{Entry, EntryBody, Joining, MessageKey},
    message::{MessageBody, MessageContent},
    permissions::Role,
    roster::{Participant, Roster},
    time::Timestamp,
};

use super::trial::{
    ActorRole, ChangeKind, ChangePlan, MessagePlan, Outcome, Trial, membership_at, socket_of,
};

/// How many times a client tries one message, and how many of the tries may run at once.
const TRIES: u32 = 9;
const AT_ONCE: u32 = 2;

impl Trial {
    pub(super) fn furnish(&mut self) {
        let roles = [Role::Owner, Role::Admin, Role::Member, Role::Member];
        let roster: Roster = self
            .users
            .iter()
            .zip(roles)
            .map(|(user, role)| (user.clone(), Participant { role, joined: Seq::FIRST, since: Seq::FIRST }))
            .collect();
        let created = Conversation {
            id: self.conversation,
            kind: ConversationKind::Group,
            title: None,
            reference: None,
            created_by: self.users[0].clone(),
            created_at: Timestamp::default(),
            history: History::All,
            since: Seq::FIRST,
        };
        let entry = Entry {
            seq: Seq::FIRST,
            n: 0,
            roster_version: Seq::FIRST,
            roster_sum: roster.sum(),
            at: Timestamp::default(),
            actor: self.users[0].clone(),
            last_message: None,
            key: None,
            body: EntryBody::ConversationCreated {
                conversation: Box::new(created.clone()),
                participants: roster
                    .members()
                    .map(|member| Joining { user: member.user.clone(), role: member.participant.role })
                    .collect(),
            },
        };
        {
            let mut state = self.stage.cloud.state();
            state.conversations.insert(self.conversation, created);
            state.logs.entry(self.conversation).or_default().insert(Seq::FIRST, entry.clone());
            for member in roster.members() {
                state.rosters.insert((self.conversation, member.user.clone()), *member.participant);
                let membership = membership_at(self.conversation, &entry);
                state.memberships.insert((member.user.clone(), self.conversation), membership);
            }
        }
        for user in &self.users {
            let socket = Connection {
                id: socket_of(user),
                user: user.clone(),
                scope: SocketScope::Messaging,
                expires_at: Timestamp::from_millis(u64::MAX),
                opened_at: Timestamp::default(),
            };
            self.stage.connections.register(&socket, Timestamp::default()).now_or_never().unwrap().unwrap();
        }
        self.stage.redis.keys().has_relay = self.random.happens(self.faults.relay);
        for message in 0..self.faults.messages {
            let client_id = (!self.random.happens(self.faults.without_client_id))
                .then(|| ClientMessageId::parse(&format!("k{message}")).unwrap());
            self.messages.push(MessagePlan {
                sender: self.users[self.random.index(4)].clone(),
                sends_after: client_id.is_some() && !self.random.happens(self.faults.without_after),
                client_id,
                after: None,
                acknowledged: None,
                tries: 0,
                live: 0,
                is_done: false,
            });
        }
        for _ in 0..self.faults.changes {
            let kind = match self.random.index(4) {
                0 => ChangeKind::Add,
                1 | 2 => ChangeKind::Remove,
                _ => ChangeKind::SetRole(if self.random.happens(0.5) { Role::Admin } else { Role::Guest }),
            };
            let actor = if kind == ChangeKind::Remove { self.random.index(2) } else { 0 };
            self.changes.push(ChangePlan {
                actor: self.users[actor].clone(),
                subject: self.users[1 + self.random.index(3)].clone(),
                kind,
                tries: 0,
                live: 0,
                is_done: false,
            });
        }
    }

    /// Lets a client begin, or try again.
    pub(super) fn begin_something(&mut self) {
        let draw = self.random.index(1000);
        if draw < 60 {
            let open: Vec<usize> =
                (0..self.messages.len()).filter(|i| !self.messages[*i].is_done).take(4).collect();
            if !open.is_empty() {
                self.try_message(open[self.random.index(open.len())]);
            }
        } else if draw < 85 {
            let open: Vec<usize> =
                (0..self.changes.len()).filter(|i| !self.changes[*i].is_done).take(2).collect();
            if !open.is_empty() {
                self.try_change(open[self.random.index(open.len())]);
            }
        }
    }

    pub(super) fn newest(&self) -> u64 {
        let state = self.stage.cloud.state();
        state.logs[&self.conversation].last_key_value().map_or(0, |(seq, _)| seq.get())
    }

    /// Where this message stands, if it does.
    pub(super) fn standing(&self, message: &MessagePlan) -> Vec<Seq> {
        let Some(client_id) = &message.client_id else { return Vec::new() };
        let key = MessageKey::Client(client_id.clone());
        let state = self.stage.cloud.state();
        let log = &state.logs[&self.conversation];
        log.values()
            .filter(|entry| entry.is_message_of(&message.sender, &key))
            .map(|entry| entry.seq)
            .collect()
    }

    fn try_message(&mut self, which: usize) {
        let newest = self.newest();
        let standing = self.standing(&self.messages[which]);
        let may_know_less =
            u64::try_from(self.random.index(usize::try_from(self.faults.window).unwrap() + 3)).unwrap();
        let knows_all = self.random.happens(0.6);
        let raises = self.random.happens(0.1);
        let lag = self.faults.clients_lag;
        let message = &mut self.messages[which];
        if message.live >= AT_ONCE || message.tries >= TRIES {
            if message.live == 0 {
                message.is_done = true;
            }
            return;
        }
        if message.tries == 0 {
            if message.sends_after {
                let known = if knows_all { newest } else { newest.saturating_sub(may_know_less).max(1) };
                message.after = Some(if lag { known.min(newest - 1) } else { known });
            }
        } else if message.client_id.is_none() {
            // Without an id every request is a new message: a client does not repeat it.
            message.is_done = message.live == 0;
            return;
        } else if message.after.is_some_and(|after| after <= newest)
            && raises
            && standing.iter().all(|seq| message.after.is_some_and(|after| seq.get() <= after))
        {
            message.after = Some(newest - u64::from(lag));
        }
        message.tries += 1;
        message.live += 1;
        let draft = Draft {
            conversation: self.conversation,
            sender: message.sender.clone(),
            client_id: message.client_id.clone(),
            after: message.after,
            body: MessageBody {
                content: MessageContent::parse(&format!("message {which}"), false).unwrap(),
                ..MessageBody::default()
            },
            from: None,
            admission: Admission::free(),
        };
        let role =
            ActorRole::Send { message: which, after: message.after, stands_before: !standing.is_empty() };
        let send = self.stage.send.clone();
        self.start(role, async move { Outcome::Sent(Box::new(send.execute(draft).await)) });
    }

    fn try_change(&mut self, which: usize) {
        let plan = &mut self.changes[which];
        if plan.live >= AT_ONCE || plan.tries >= 5 {
            if plan.live == 0 {
                plan.is_done = true;
            }
            return;
        }
        plan.tries += 1;
        plan.live += 1;
        let (actor, subject) = (plan.actor.clone(), plan.subject.clone());
        let change: Box<dyn Change> = match plan.kind {
            ChangeKind::Add => Box::new(AddParticipants { joining: vec![(subject.clone(), Role::Member)] }),
            ChangeKind::Remove => Box::new(RemoveParticipant { user: subject.clone() }),
            ChangeKind::SetRole(role) => Box::new(SetRole { user: subject.clone(), role }),
        };
        let (use_case, conversation) = (self.stage.change.clone(), self.conversation);
        self.start(ActorRole::Change { change: which }, async move {
            let request =
                ChangeRequest { conversation, caller: (&actor).into(), subject: Some(&subject), from: None };
            Outcome::Changed(use_case.execute(request, &*change).await)
        });
    }

    pub(super) fn end_send(
        &mut self,
        which: usize,
        after: Option<u64>,
        stands_before: bool,
        began: u64,
        result: Result<Sent, SendMessageError>,
    ) {
        let is_answered = !self.random.happens(self.faults.answer_to_client_lost);
        let gives_up = self.random.happens(0.5);
        let standing = self.standing(&self.messages[which]);
        let newest = self.newest();
        let sender = self.messages[which].sender.clone();
        match result {
            Ok(sent) => {
                let seq = sent.message.id.seq;
                if !self.is_message(which, seq) {
                    self.violations.insert("wrong acknowledgement");
                }
                let message = &mut self.messages[which];
                if message.client_id.is_none() {
                    self.fresh_acks.push(seq);
                    message.is_done = true;
                } else if is_answered {
                    message.acknowledged = Some(seq);
                    message.is_done = true;
                }
            }
            Err(SendMessageError::NotFound) => {
                if self.was_member_since(&sender, began) {
                    self.violations.insert("false refusal");
                }
                // Another try of the same message may have stored it meanwhile; alone, this one did.
                if !stands_before && !standing.is_empty() && self.messages[which].tries == 1 {
                    self.violations.insert("refused and stored");
                }
                self.messages[which].is_done |= is_answered && gives_up;
            }
            Err(SendMessageError::OutOfDate) if is_answered => {
                let window = self.faults.window;
                let message = &mut self.messages[which];
                if after.is_none_or(|after| after <= newest && newest - after <= window) && !self.was_restored
                {
                    self.violations.insert("false out of date");
                }
                // The client reads the log, finds its message there, or knows that it stands nowhere up to the newest entry.
                match standing.first() {
                    Some(seq) => {
                        message.acknowledged = Some(*seq);
                        message.is_done = true;
                    }
                    // A cursor of a life before a restore is dropped only once no earlier try can still be under way with it: in the
                    // log that grows again it would pass for one of this life.
                    None if after.is_some_and(|after| after > newest) && message.live > 0 => {}
                    None => message.after = Some(newest - u64::from(self.faults.clients_lag)),
                }
            }
            Err(_) => {}
        }
        if self.messages[which].client_id.is_none() {
            self.messages[which].is_done |= self.messages[which].live == 0;
        }
    }

    fn is_message(&self, which: usize, seq: Seq) -> bool {
        let state = self.stage.cloud.state();
        let message = &self.messages[which];
        state.logs[&self.conversation].get(&seq).is_some_and(|entry| {
            let key = entry.key.as_ref().and_then(MessageKey::client_id);
            entry.body.counts() && entry.actor == message.sender && key == message.client_id.as_ref()
        })
    }

    /// Whether somebody was a member throughout, from this step until now.
    pub(super) fn was_member_since(&self, user: &UserId, step: u64) -> bool {
        let state = self.stage.cloud.state();
        let is_member = state.rosters.contains_key(&(self.conversation, user.clone()));
        is_member && self.touched.get(user).is_none_or(|touched| *touched < step) && !self.was_restored
    }
}
