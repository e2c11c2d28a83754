//! The memory twin of the log.

use std::collections::BTreeSet;

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    conversations::{Membership, ReadCursor},
    log::{Append, AppendOnce, Beside, Claim, Commit, LogPage, LogRange, MessageLog, Order, RowChange},
};
use parlance_domain::{
    head::{Head, Seq},
    ids::ConversationId,
    log::{Entry, EntryBody, MessageKey},
    roster::Participant,
};

use super::{
    cloud::{MemoryCloud, Put, State, Write, unanswered},
    gate::{Outside, Passage},
};

/// How often the SDK tries one call.
const TRIES: usize = 3;

/// The longest time by which a write that was taken for lost is late, in units of [`State::step_late`].
const LATEST: u64 = 60;

#[async_trait]
impl MessageLog for MemoryCloud {
    async fn tail(&self, conversation: ConversationId) -> Result<Option<Head>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let newest = state.logs.get(&conversation).and_then(|log| log.last_key_value());
        Ok(newest.map(|(_, entry)| entry.head()))
    }

    async fn page(&self, conversation: ConversationId, range: LogRange) -> Result<LogPage, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let up_to = range.up_to.unwrap_or(Seq::MAX);
        let mut entries: Vec<Entry> = state
            .logs
            .get(&conversation)
            .into_iter()
            .flatten()
            .filter(|(seq, _)| seq.get() > range.after && **seq <= up_to)
            .map(|(_, entry)| entry.clone())
            .collect();
        if range.order == Order::Descending {
            entries.reverse();
        }
        let is_last = entries.len() <= range.limit;
        entries.truncate(range.limit);
        Ok(LogPage { entries, is_last })
    }

    async fn entries_at(&self, conversation: ConversationId, seqs: &[Seq]) -> Result<Vec<Entry>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let Some(log) = state.logs.get(&conversation) else { return Ok(Vec::new()) };
        let asked: BTreeSet<_> = seqs.iter().collect();
        Ok(asked.into_iter().filter_map(|seq| log.get(seq).cloned()).collect())
    }

    async fn append(&self, conversation: ConversationId, entry: &Entry) -> Result<Append, PortError> {
        // As by the nonce of a call: what stands is its own if it has sent it before.
        let mut has_sent = false;
        for _ in 0..TRIES {
            let passage = self.gate.pass(Outside::TableWrite).await;
            match passage {
                Passage::RequestLost => continue,
                Passage::Late => {
                    has_sent = true;
                    let late = LATEST - entry.seq.get() % LATEST;
                    self.state().delay(late, conversation, entry.clone());
                    continue;
                }
                Passage::Through | Passage::AnswerLost => {}
            }
            let put = self.state().put_if_absent(conversation, entry);
            if passage == Passage::AnswerLost {
                has_sent |= matches!(put, Put::Stored);
                continue;
            }
            return Ok(match put {
                Put::Stored => Append::Stored,
                Put::Refused(standing) if has_sent && *standing == *entry => Append::Stored,
                Put::Refused(standing) => Append::Taken(standing),
                Put::Locked => Append::Contended,
            });
        }
        Err(unanswered("log"))
    }

    async fn append_once(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        beside: &Beside,
    ) -> Result<AppendOnce, PortError> {
        let key = match &entry.key {
            Some(MessageKey::Client(key)) if beside.remembers_key => Some(key.clone()),
            _ => None,
        };
        let mut writes = vec![Write::Entry(conversation, Box::new(entry.clone()))];
        writes.extend(
            key.iter().map(|key| Write::SentKey(entry.actor.clone(), conversation, key.clone(), entry.seq)),
        );
        writes.extend(beside.claims.iter().map(|claim| match claim {
            Claim::Take(file) => Write::Attachment(file.clone()),
            Claim::Refused(id) => Write::NoAttachment(*id),
        }));
        let known = |state: &State| {
            let key = key.clone()?;
            state.keys.get(&(entry.actor.clone(), conversation, key)).copied()
        };
        let is_free =
            |state: &State| state.logs.get(&conversation).is_none_or(|log| !log.contains_key(&entry.seq));
        let is_claimed = |state: &State| beside.claims.iter().all(|claim| claims(state, claim));
        // What stood in the way at the moment at which it did, as DynamoDB tells it.
        let refusal = std::sync::Mutex::new(AppendOnce::Contended);
        let outcome = self
            .transact(writes, |state| {
                let stands_in_the_way = match (known(state), is_free(state), is_claimed(state)) {
                    (Some(seq), ..) => AppendOnce::AlreadySent(seq),
                    (None, false, _) => AppendOnce::Contended,
                    (None, true, false) => AppendOnce::Unclaimed,
                    (None, true, true) => return true,
                };
                *refusal.lock().unwrap() = stands_in_the_way;
                false
            })
            .await?;
        Ok(match outcome {
            Commit::Committed => AppendOnce::Stored,
            Commit::Refused => refusal.into_inner().unwrap(),
        })
    }

    async fn commit(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        changes: &[RowChange],
    ) -> Result<Commit, PortError> {
        let mut writes = vec![Write::Entry(conversation, Box::new(entry.clone()))];
        for change in changes {
            self.plan(conversation, entry, change, &mut writes);
        }
        self.transact(writes, |state| {
            state.logs.get(&conversation).is_none_or(|log| !log.contains_key(&entry.seq))
                && changes.iter().all(|change| holds(state, conversation, change))
        })
        .await
    }
}

/// Whether a message may take a file as it says.
fn claims(state: &State, claim: &Claim) -> bool {
    let Claim::Take(file) = claim else { return false };
    state.attachments.get(&file.id).is_some_and(|standing| standing.version + 1 == file.version)
}

/// Whether the row is as the caller saw it.
fn holds(state: &State, conversation: ConversationId, change: &RowChange) -> bool {
    let row = |user| state.rosters.get(&(conversation, Clone::clone(user)));
    let is_at =
        |since: &Seq| state.conversations.get(&conversation).is_some_and(|found| found.since == *since);
    match change {
        RowChange::Join { user, .. } => row(user).is_none(),
        RowChange::Leave { user, since }
        | RowChange::SetRole { user, since, .. }
        | RowChange::SetBlock { user, since, .. } => {
            row(user).is_some_and(|row: &Participant| row.since == *since)
        }
        RowChange::SetMessage { target, since, .. } => {
            let entry = state.logs.get(&conversation).and_then(|log| log.get(target));
            matches!(entry.map(|entry| &entry.body), Some(EntryBody::MessageSent(message)) if message.since == *since)
        }
        RowChange::RemoveAttachment { .. } => true,
        RowChange::SetTitle { since, .. } | RowChange::Close { since } => is_at(since),
    }
}

impl MemoryCloud {
    fn plan(&self, conversation: ConversationId, entry: &Entry, change: &RowChange, writes: &mut Vec<Write>) {
        let updated = |set: &dyn Fn(&mut parlance_domain::conversation::Conversation)| {
            let mut found = self.state().conversations.get(&conversation).cloned().unwrap();
            found.since = entry.seq;
            set(&mut found);
            Write::Conversation(Box::new(found))
        };
        match change {
            RowChange::Join { user, participant } => {
                writes.push(Write::Join(conversation, user.clone(), *participant));
                let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
                let membership = Membership::new(conversation, entry.seq, cursor);
                writes.push(Write::Membership(user.clone(), Box::new(membership)));
            }
            RowChange::Leave { user, .. } => {
                writes.push(Write::Leave(conversation, user.clone()));
                writes.push(Write::NoMembership(user.clone(), conversation));
            }
            RowChange::SetRole { user, participant, .. } => {
                writes.push(Write::Join(conversation, user.clone(), *participant));
            }
            RowChange::SetBlock { user, other, is_blocking, participant, .. } => {
                writes.push(Write::Blocking(conversation, user.clone(), *participant, *is_blocking));
                let since = is_blocking.then_some(entry.at);
                writes.push(Write::Block(user.clone(), other.clone(), since));
            }
            RowChange::SetMessage { target, message, .. } => {
                writes.push(Write::Message(conversation, *target, message.clone()));
            }
            RowChange::RemoveAttachment { id } => writes.push(Write::NoAttachment(*id)),
            RowChange::SetTitle { title, .. } => {
                writes.push(updated(&|found| found.title = Some(title.clone())));
            }
            RowChange::Close { .. } => writes.push(updated(&|_| {})),
        }
    }

    /// One transaction, tried as the SDK tries it: with the same token, so that it is carried out once.
    pub(super) async fn transact(
        &self,
        writes: Vec<Write>,
        holds: impl Fn(&State) -> bool + Send + Sync,
    ) -> Result<Commit, PortError> {
        let mut begun = None;
        for _ in 0..TRIES {
            let passage = self.gate.pass(Outside::TableTransaction).await;
            if matches!(passage, Passage::RequestLost | Passage::Late) {
                continue;
            }
            if begun.is_none() {
                let mut state = self.state();
                if state.is_contended(&writes) || !holds(&state) {
                    drop(state);
                    if passage == Passage::AnswerLost {
                        continue;
                    }
                    return Ok(Commit::Refused);
                }
                begun = state.begin(writes.clone());
                if let (Some(id), false) = (begun, self.gate.splits_transactions()) {
                    state.finish(id);
                }
            }
            while begun.is_some_and(|id| !self.state().is_finished(id)) {
                self.gate.pass(Outside::TableRead).await;
            }
            if passage == Passage::AnswerLost {
                continue;
            }
            return Ok(Commit::Committed);
        }
        Err(unanswered("log"))
    }
}
