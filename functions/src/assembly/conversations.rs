//! What shows conversations.

use parlance_application::conversations::{
    detail::ConversationDetail, list::ListConversations, standing::Standings, summary::Summaries,
};

use super::{Assembled, Assembly};

impl Assembly {
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
