//! What shows conversations, and what changes them.

use parlance_application::{
    conversations::{
        change::ChangeConversation, detail::ConversationDetail, list::ListConversations, standing::Standings,
        summary::Summaries,
    },
    log::change::LogChanger,
    safeguards::Safeguards,
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Changes conversations, their rosters and their messages.
    pub fn change_conversation(&self) -> Assembled<ChangeConversation> {
        let adapters = &self.adapters;
        let changer = LogChanger::new(
            adapters.message_log()?,
            self.rosters()?,
            self.clock(),
            adapters.random(),
            Safeguards::ALL,
        );
        let (announcer, companions) = (self.announcer()?, self.companions()?);
        let cache = adapters.conversation_cache()?;
        Ok(ChangeConversation::new(changer, self.events()?, announcer, companions, cache))
    }

    /// Shows one conversation.
    pub fn conversation_detail(&self) -> Assembled<ConversationDetail> {
        let adapters = &self.adapters;
        Ok(ConversationDetail::new(
            adapters.message_log()?,
            adapters.conversations()?,
            adapters.conversation_cache()?,
            self.summaries()?,
        ))
    }

    /// Lists conversations.
    pub fn list_conversations(&self) -> Assembled<ListConversations> {
        let adapters = &self.adapters;
        Ok(ListConversations::new(
            adapters.message_log()?,
            adapters.conversation_rows()?,
            self.clock(),
            self.standings()?,
            self.summaries()?,
        ))
    }

    pub(super) fn standings(&self) -> Assembled<Standings> {
        let adapters = &self.adapters;
        Ok(Standings::new(adapters.message_log()?, adapters.conversations()?, adapters.conversation_cache()?))
    }

    fn summaries(&self) -> Assembled<Summaries> {
        let adapters = &self.adapters;
        Ok(Summaries::new(
            adapters.conversation_rows()?,
            adapters.conversations()?,
            self.rosters()?,
            adapters.reading_cache()?,
        ))
    }
}
