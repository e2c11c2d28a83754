//! The memory twin of conversations, rosters and memberships.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    conversations::{
        Advance, ConversationRepository, Creating, Creation, Membership, MembershipSetting,
        MembershipSettings, ReadCursor, ReadReceipts, Receipt, ReceiptPage, ReceiptPlace, RosterPage,
        RosterPages, RosterPlace,
    },
    log::Commit,
    rows::ConversationRows,
};
use parlance_domain::{
    conversation::{Conversation, ConversationKind},
    ids::{ConversationId, MessageId, UserId},
    log::Entry,
    roster::Roster,
};

use super::{
    cloud::{ItemKey, MemoryCloud, State, Write, unanswered},
    gate::{Outside, Passage},
};

#[async_trait]
impl ConversationRepository for MemoryCloud {
    async fn create(&self, creation: &Creation) -> Result<Creating, PortError> {
        let Creation { conversation, roster, entry } = creation;
        let mut writes = vec![
            Write::Entry(conversation.id, Box::new(entry.clone())),
            Write::Conversation(Box::new(conversation.clone())),
        ];
        for member in roster.members() {
            let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
            let membership = Membership::new(conversation.id, member.participant.joined, cursor);
            writes.push(Write::Join(conversation.id, member.user.clone(), *member.participant));
            writes.push(Write::Membership(member.user.clone(), Box::new(membership)));
        }
        let people: Vec<UserId> = roster.members().map(|member| member.user.clone()).collect();
        let is_blocked = |state: &State| {
            let is_direct = conversation.kind == ConversationKind::Direct;
            let is_between =
                |(user, other): &(UserId, UserId)| people.contains(user) && people.contains(other);
            is_direct && state.blocks.keys().any(is_between)
        };
        loop {
            let outcome = self
                .transact(writes.clone(), |state| {
                    !state.conversations.contains_key(&conversation.id) && !is_blocked(state)
                })
                .await?;
            match outcome {
                Commit::Committed => return Ok(Creating::Created),
                Commit::Refused if self.state().conversations.contains_key(&conversation.id) => {
                    return Ok(Creating::Exists);
                }
                Commit::Refused if is_blocked(&self.state()) => return Ok(Creating::Blocked),
                Commit::Refused => {}
            }
        }
    }

    async fn find(&self, id: ConversationId) -> Result<Option<Conversation>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        Ok(self.state().conversations.get(&id).cloned())
    }

    async fn roster(&self, id: ConversationId) -> Result<Roster, PortError> {
        // Two pages, between which anything may happen.
        let mut rows = Vec::new();
        for page in 0..2 {
            self.gate.pass(Outside::TableRead).await;
            let state = self.state();
            let half = state.rosters.iter().filter(|((conversation, _), _)| *conversation == id);
            rows.extend(
                half.filter(|((_, user), _)| usize::from(user.as_str() >= "u2") == page)
                    .map(|((_, user), row)| (user.clone(), *row)),
            );
        }
        let mut roster: Roster = rows.into_iter().collect();
        for (_, user) in self.state().blocking.iter().filter(|(conversation, _)| *conversation == id) {
            roster.set_block(user, true);
        }
        Ok(roster)
    }

    async fn membership(&self, user: &UserId, id: ConversationId) -> Result<Option<Membership>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        Ok(self.state().memberships.get(&(user.clone(), id)).cloned())
    }

    async fn memberships(&self, user: &UserId) -> Result<Vec<Membership>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        Ok(state
            .memberships
            .iter()
            .filter(|((of, _), _)| of == user)
            .map(|(_, membership)| membership.clone())
            .collect())
    }

    async fn advance_cursor(
        &self,
        user: &UserId,
        id: ConversationId,
        cursor: ReadCursor,
    ) -> Result<Advance, PortError> {
        let passage = self.gate.pass(Outside::TableWrite).await;
        if matches!(passage, Passage::RequestLost | Passage::Late) {
            return Err(unanswered("conversations"));
        }
        let mut state = self.state();
        if state.is_locked(&ItemKey::Membership(user.clone(), id)) {
            return Err(unanswered("conversations"));
        }
        let Some(membership) = state.memberships.get_mut(&(user.clone(), id)) else {
            return Ok(Advance::NotAMember);
        };
        if membership.cursor.seq >= cursor.seq {
            return Ok(Advance::Unmoved(membership.cursor));
        }
        membership.cursor = cursor;
        Ok(Advance::Moved)
    }
}

#[async_trait]
impl ReadReceipts for MemoryCloud {
    async fn page(
        &self,
        id: ConversationId,
        place: ReceiptPlace<'_>,
        limit: usize,
    ) -> Result<ReceiptPage, PortError> {
        // The roster's rows, and then the memberships.
        for _ in 0..2 {
            self.gate.pass(Outside::TableRead).await;
        }
        let state = self.state();
        let mut users: Vec<&UserId> =
            state.rosters.keys().filter(|(of, _)| *of == id).map(|(_, user)| user).collect();
        match place {
            ReceiptPlace::First => {}
            ReceiptPlace::After(after) => users.retain(|user| *user > after),
            ReceiptPlace::Before(before) => {
                users.retain(|user| *user < before);
                users.reverse();
            }
        }
        let rest = users.get(limit).and(users.get(limit.saturating_sub(1))).map(|user| (*user).clone());
        let receipts = users.into_iter().take(limit).filter_map(|user| {
            let membership = state.memberships.get(&(user.clone(), id))?;
            Some(Receipt { user: user.clone(), joined: membership.joined, cursor: membership.cursor })
        });
        Ok(ReceiptPage { receipts: receipts.collect(), rest })
    }
}

#[async_trait]
impl ConversationRows for MemoryCloud {
    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        Ok(ids.iter().filter_map(|id| state.conversations.get(id).cloned()).collect())
    }

    async fn entries(&self, ids: &[MessageId]) -> Result<Vec<(ConversationId, Entry)>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let entry =
            |id: &MessageId| Some((id.conversation, state.logs.get(&id.conversation)?.get(&id.seq)?.clone()));
        Ok(ids.iter().filter_map(entry).collect())
    }

    async fn cursors(
        &self,
        of: &[(ConversationId, UserId)],
    ) -> Result<Vec<(ConversationId, UserId, ReadCursor)>, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let cursor = |(id, user): &(ConversationId, UserId)| {
            Some((*id, user.clone(), state.memberships.get(&(user.clone(), *id))?.cursor))
        };
        Ok(of.iter().filter_map(cursor).collect())
    }
}

#[async_trait]
impl RosterPages for MemoryCloud {
    async fn page(
        &self,
        id: ConversationId,
        place: &RosterPlace,
        limit: usize,
    ) -> Result<RosterPage, PortError> {
        self.gate.pass(Outside::TableRead).await;
        let state = self.state();
        let of_this = state.rosters.iter().filter(|((conversation, _), _)| *conversation == id);
        let mut rows: Vec<_> = of_this
            .map(|((_, user), row)| (user.clone(), *row))
            .filter(|(user, _)| match place {
                RosterPlace::First => true,
                RosterPlace::After(place) => user > place,
                RosterPlace::Before(place) => user < place,
            })
            .collect();
        let has_more = rows.len() > limit;
        if matches!(place, RosterPlace::Before(_)) {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows.truncate(limit);
        Ok(RosterPage { rows, has_more })
    }
}

#[async_trait]
impl MembershipSettings for MemoryCloud {
    async fn switch(
        &self,
        user: &UserId,
        id: ConversationId,
        setting: MembershipSetting,
        is_on: bool,
    ) -> Result<bool, PortError> {
        self.gate.pass(Outside::TableWrite).await;
        let mut state = self.state();
        let membership = state.memberships.get_mut(&(user.clone(), id));
        Ok(membership.map(|membership| membership.switch(setting, is_on)).is_some())
    }
}
