//! Use cases of people: who comes in, how they appear, and what they are in a conversation.

use parlance_application::{
    conversations::settings::SwitchSetting,
    participants::{departure::Departure, list::ListParticipants},
    people::{block::BlockUser, change::ChangePerson, find::FindPerson},
    sessions::admit::AdmitCaller,
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Who calls, and whether he may.
    pub fn admit_caller(&self) -> Assembled<AdmitCaller> {
        Ok(AdmitCaller::new(self.authenticate()?, self.adapters.people()?))
    }

    /// Finds people.
    pub fn find_person(&self) -> Assembled<FindPerson> {
        Ok(FindPerson::new(self.adapters.people()?))
    }

    /// Blocks people.
    pub fn block_user(&self) -> Assembled<BlockUser> {
        let (blocks, conversations) = (self.adapters.blocks()?, self.adapters.conversations()?);
        Ok(BlockUser::new(blocks, conversations, self.change_conversation()?, self.clock()))
    }

    /// Changes people.
    pub fn change_person(&self) -> Assembled<ChangePerson> {
        let adapters = &self.adapters;
        Ok(ChangePerson::new(adapters.people()?, adapters.connection_registry()?, self.closer()?))
    }

    /// Lets people go.
    pub fn departure(&self) -> Assembled<Departure> {
        Ok(Departure::new(self.change_conversation()?))
    }

    /// Lists participants.
    pub fn list_participants(&self) -> Assembled<ListParticipants> {
        let adapters = &self.adapters;
        let (pages, rows) = (adapters.roster_pages()?, adapters.conversation_rows()?);
        Ok(ListParticipants::new(adapters.conversations()?, pages, rows))
    }

    /// Switches what members decide for themselves.
    pub fn switch_setting(&self) -> Assembled<SwitchSetting> {
        Ok(SwitchSetting::new(self.adapters.membership_settings()?))
    }
}
