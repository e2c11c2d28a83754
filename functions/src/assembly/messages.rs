//! What changes messages, and what follows how far people have read.

use std::sync::Arc;

use parlance_application::{
    messages::{delete::DeleteMessage, edit::EditMessage, mark_as_read::MarkAsRead},
    reads::{collect::CollectReads, receipts::ListReceipts, tell::TellReads, unread::CountUnread},
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Edits messages.
    pub fn edit_message(&self) -> Assembled<EditMessage> {
        let adapters = &self.adapters;
        Ok(EditMessage::new(
            self.change_conversation()?,
            adapters.message_log()?,
            Arc::clone(&self.encoder),
            self.clock(),
        ))
    }

    /// Deletes messages.
    pub fn delete_message(&self) -> Assembled<DeleteMessage> {
        Ok(DeleteMessage::new(self.change_conversation()?, self.adapters.message_log()?))
    }

    /// Moves read cursors.
    pub fn mark_as_read(&self) -> Assembled<MarkAsRead> {
        let adapters = &self.adapters;
        let tell = TellReads::new(
            adapters.conversations()?,
            self.rosters()?,
            adapters.moved_cursors()?,
            adapters.read_timer()?,
            self.broadcaster()?,
            Arc::clone(&self.encoder),
        );
        Ok(MarkAsRead::new(
            adapters.message_log()?,
            adapters.conversations()?,
            adapters.reading_cache()?,
            tell,
            self.clock(),
        ))
    }

    /// Tells groups of moved cursors.
    pub fn collect_reads(&self) -> Assembled<CollectReads> {
        let adapters = &self.adapters;
        Ok(CollectReads::new(
            adapters.moved_cursors()?,
            adapters.conversation_cache()?,
            self.rosters()?,
            self.broadcaster()?,
            Arc::clone(&self.encoder),
        ))
    }

    /// Counts what a user has not read.
    pub fn count_unread(&self) -> Assembled<CountUnread> {
        Ok(CountUnread::new(self.standings()?))
    }

    /// Lists who has read how far.
    pub fn list_receipts(&self) -> Assembled<ListReceipts> {
        let adapters = &self.adapters;
        Ok(ListReceipts::new(adapters.message_log()?, adapters.conversations()?, adapters.read_receipts()?))
    }
}
