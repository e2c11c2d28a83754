//! Who is told how much of an event: where history is hidden from those who join, a newcomer is told less of what refers to it.

use std::{borrow::Cow, sync::Arc};

use parlance_domain::{conversation::History, event::Event, head::Seq, roster::Roster};

use crate::ports::{PortError, conversations::ConversationRepository, delivery::Hearing};

/// Splits the members of a conversation by what they may be told.
#[derive(Clone)]
pub struct Audiences {
    conversations: Arc<dyn ConversationRepository>,
}

/// An event as some of the members are told it.
pub type Told<'a> = (Hearing, Cow<'a, Event>);

impl Audiences {
    /// Reads from here whether a conversation hides its past.
    pub fn new(conversations: Arc<dyn ConversationRepository>) -> Self {
        Self { conversations }
    }

    /// The event as each part of `roster` is told it. Nothing is read unless somebody joined after what the event refers to.
    pub async fn of<'a>(&self, event: &'a Event, roster: &Roster) -> Result<Vec<Told<'a>>, PortError> {
        let mut bounds = event.refers_to();
        bounds.sort_unstable();
        bounds.dedup();
        let joined: Vec<Seq> = roster.members().map(|member| member.participant.joined).collect();
        let is_for_all = bounds.first().is_none_or(|first| joined.iter().all(|joined| joined <= first));
        if is_for_all || !self.hides_its_past(event).await? {
            return Ok(vec![(Hearing::Log, Cow::Borrowed(event))]);
        }
        let ends = bounds.iter().copied().chain([Seq::MAX]);
        let starts = std::iter::once(0).chain(bounds.iter().map(|bound| bound.get()));
        let stretches = starts
            .zip(ends)
            .filter(|(after, up_to)| joined.iter().any(|joined| joined.get() > *after && joined <= up_to));
        Ok(stretches
            .map(|(after, up_to)| {
                let first = Seq::new(after).map_or(Seq::FIRST, Seq::next);
                (Hearing::LogOfJoined { after, up_to }, Cow::Owned(event.seen_from(first)))
            })
            .collect())
    }

    async fn hides_its_past(&self, event: &Event) -> Result<bool, PortError> {
        let found = self.conversations.find(event.conversation).await?;
        Ok(found.is_some_and(|conversation| conversation.history == History::Joined))
    }
}
