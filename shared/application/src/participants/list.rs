//! The people of a conversation, page by page, with how far each has read.

use std::{collections::BTreeMap, sync::Arc};

use parlance_domain::{
    authority::Caller,
    ids::{ConversationId, UserId},
    roster::Participant,
};

use crate::{
    conversations::reader::Reader,
    ports::{
        PortError,
        conversations::{ConversationRepository, ReadCursor, RosterPages, RosterPlace},
        rows::ConversationRows,
    },
};

/// Lists participants.
#[derive(Clone)]
pub struct ListParticipants {
    conversations: Arc<dyn ConversationRepository>,
    pages: Arc<dyn RosterPages>,
    rows: Arc<dyn ConversationRows>,
}

/// A page of participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantPage {
    /// They, in order.
    pub items: Vec<ListedParticipant>,
    /// Where the next page lies.
    pub next: Option<RosterPlace>,
    /// Where the previous page lies.
    pub previous: Option<RosterPlace>,
}

/// One participant of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedParticipant {
    /// Who.
    pub user: UserId,
    /// His row.
    pub participant: Participant,
    /// How far he has read, where that is known.
    pub cursor: Option<ReadCursor>,
}

/// Why participants are not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListParticipantsError {
    /// There is no such conversation for this caller.
    #[error("no such conversation")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ListParticipants {
    /// The most participants on a page.
    pub const MAX_LIMIT: usize = 200;

    /// Takes the ports.
    pub fn new(
        conversations: Arc<dyn ConversationRepository>,
        pages: Arc<dyn RosterPages>,
        rows: Arc<dyn ConversationRows>,
    ) -> Self {
        Self { conversations, pages, rows }
    }

    /// The page at `place`.
    pub async fn execute(
        &self,
        caller: Caller<'_>,
        conversation: ConversationId,
        place: RosterPlace,
        limit: usize,
    ) -> Result<ParticipantPage, ListParticipantsError> {
        Reader::of(self.conversations.as_ref(), caller, conversation)
            .await?
            .ok_or(ListParticipantsError::NotFound)?;
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        let page = self.pages.page(conversation, &place, limit).await?;
        let (first, last) = (page.rows.first(), page.rows.last());
        let (has_next, has_previous) = match place {
            RosterPlace::First => (page.has_more, false),
            RosterPlace::After(_) => (page.has_more, true),
            RosterPlace::Before(_) => (true, page.has_more),
        };
        let next = last.filter(|_| has_next).map(|(user, _)| RosterPlace::After(user.clone()));
        let previous = first.filter(|_| has_previous).map(|(user, _)| RosterPlace::Before(user.clone()));
        let members: Vec<(ConversationId, UserId)> =
            page.rows.iter().map(|(user, _)| (conversation, user.clone())).collect();
        let found = self.rows.cursors(&members).await?;
        let mut cursors: BTreeMap<UserId, ReadCursor> =
            found.into_iter().map(|(_, user, cursor)| (user, cursor)).collect();
        let items = page.rows.into_iter().map(|(user, participant)| {
            let cursor = cursors.remove(&user);
            ListedParticipant { user, participant, cursor }
        });
        Ok(ParticipantPage { items: items.collect(), next, previous })
    }
}
