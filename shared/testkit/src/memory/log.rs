//! The memory twin of the log.

use std::collections::BTreeSet;

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    conversations::{Membership, ReadCursor},
    log::{Append, AppendOnce, Commit, LogPage, LogRange, MessageLog, Order, RowChange},
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
    ) -> Result<AppendOnce, PortError> {
        let Some(MessageKey::Client(key)) = &entry.key else {
            return Err(PortError::new("log", "append_once needs the client's own id"));
        };
        let id = (entry.actor.clone(), conversation, key.clone());
        let writes = vec![
            Write::Entry(conversation, Box::new(entry.clone())),
            Write::SentKey(entry.actor.clone(), conversation, key.clone(), entry.seq),
        ];
        let known = |state: &State| state.keys.get(&id).copied();
        let outcome = self
            .transact(writes, |state| {
                known(state).is_none()
                    && state.logs.get(&conversation).is_none_or(|log| !log.contains_key(&entry.seq))
            })
            .await?;
        Ok(match outcome {
            Commit::Committed => AppendOnce::Stored,
            Commit::Refused => known(&self.state()).map_or(AppendOnce::Contended, AppendOnce::AlreadySent),
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
