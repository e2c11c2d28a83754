//! Changes a conversation or its roster, and tells everybody.

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
};

use crate::{
    delivery::{
        announce::{Announcement, Announcer},
        companions::Companions,
        repair::subjects,
    },
    log::{
        change::{Change, ChangeError, Changed, LogChanger},
        events::EventResolver,
    },
    ports::{cache::ConversationCache, rates::Counting},
};

/// Changes conversations.
#[derive(Clone)]
pub struct ChangeConversation {
    changer: LogChanger,
    events: EventResolver,
    announcer: Announcer,
    companions: Companions,
    cache: Arc<dyn ConversationCache>,
}

/// Who asks for a change, where, and of whom.
#[derive(Debug, Clone)]
pub struct ChangeRequest<'a> {
    /// The conversation.
    pub conversation: ConversationId,
    /// Who asks.
    pub caller: Caller<'a>,
    /// Whose row the request was decided on, if it was one user's.
    pub subject: Option<&'a UserId>,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
}

impl ChangeConversation {
    /// Changes over these.
    pub fn new(
        changer: LogChanger,
        events: EventResolver,
        announcer: Announcer,
        companions: Companions,
        cache: Arc<dyn ConversationCache>,
    ) -> Self {
        Self { changer, events, announcer, companions, cache }
    }

    /// Applies the change once and announces its entry. What cannot be announced here is left to the stream.
    pub async fn execute(
        &self,
        request: ChangeRequest<'_>,
        change: &dyn Change,
    ) -> Result<Changed, ChangeError> {
        let ChangeRequest { conversation, caller, subject, from } = request;
        let counting = Counting::nothing();
        let (opening, changed) = futures::join!(
            self.cache.opening(conversation, &counting),
            self.changer.apply(conversation, caller, subject, change)
        );
        let changed = changed?;
        let Changed::Done { entry, roster } = &changed else { return Ok(changed) };
        // First, so that an entry counts as announced only when those whom it concerns most have been told as well.
        if let Err(error) = self.companions.tell(conversation, entry, roster).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                "event left to the stream"
            );
            return Ok(changed);
        }
        match self.events.resolve(conversation, std::slice::from_ref(entry), Seq::FIRST).await {
            Ok(events) => {
                for event in &events {
                    let announcement = Announcement {
                        conversation,
                        entry,
                        event,
                        roster,
                        subjects: subjects(entry),
                        except: from.clone(),
                        has_relay: opening.has_relay,
                    };
                    self.announcer.announce(announcement).await;
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                conversation.id = %conversation,
                "event left to the stream"
            ),
        }
        Ok(changed)
    }
}
