//! Use cases of what is told for the moment: typing and presence.

use std::sync::Arc;

use parlance_application::{
    presence::{
        acquaintances::Acquaintances,
        announce::{PresenceAnnouncer, PresencePorts},
        look::LookAtPresence,
        read::ReadPresence,
        set::SetPresence,
        sight::PresenceSight,
        watch::WatchPresence,
    },
    typing::{room::TypingRooms, start::StartTyping, stop::StopTyping},
};

use super::{Assembled, Assembly};

impl Assembly {
    /// Keeps how people want to be seen.
    pub fn set_presence(&self) -> Assembled<SetPresence> {
        Ok(SetPresence::new(self.adapters.presence()?, self.presence_announcer()?, self.clock()))
    }

    /// Lets sockets watch people.
    pub fn watch_presence(&self) -> Assembled<WatchPresence> {
        let adapters = &self.adapters;
        let acquaintances = Acquaintances::new(adapters.conversations()?);
        let (board, directory) = (adapters.presence_board()?, adapters.connections()?);
        Ok(WatchPresence::new(acquaintances, self.presence_sight()?, board, directory))
    }

    /// Tells how people are.
    pub fn read_presence(&self) -> Assembled<ReadPresence> {
        Ok(ReadPresence::new(Acquaintances::new(self.adapters.conversations()?), self.presence_sight()?))
    }

    /// Looks whether people are there.
    pub fn look_at_presence(&self) -> Assembled<LookAtPresence> {
        let (departures, grace) = (self.adapters.departures()?, self.adapters.configuration().presence_grace);
        Ok(LookAtPresence::new(self.presence_announcer()?, departures, self.clock(), grace))
    }

    /// Takes note of who types.
    pub fn start_typing(&self) -> Assembled<StartTyping> {
        Ok(StartTyping::new(self.typing_rooms()?))
    }

    /// Takes note of who types no more.
    pub fn stop_typing(&self) -> Assembled<StopTyping> {
        Ok(StopTyping::new(self.typing_rooms()?))
    }

    fn presence_announcer(&self) -> Assembled<PresenceAnnouncer> {
        let adapters = &self.adapters;
        Ok(PresenceAnnouncer::new(PresencePorts {
            board: adapters.presence_board()?,
            departures: adapters.departures()?,
            records: adapters.presence()?,
            directory: adapters.connections()?,
            broadcaster: self.broadcaster()?,
            encoder: Arc::clone(&self.encoder),
            clock: self.clock(),
        }))
    }

    fn presence_sight(&self) -> Assembled<PresenceSight> {
        let adapters = &self.adapters;
        let (board, records) = (adapters.presence_board()?, adapters.presence()?);
        Ok(PresenceSight::new(board, records, adapters.connections()?, self.clock()))
    }

    fn typing_rooms(&self) -> Assembled<TypingRooms> {
        let adapters = &self.adapters;
        Ok(TypingRooms {
            cache: adapters.conversation_cache()?,
            rosters: self.rosters()?,
            board: adapters.typing_board()?,
            broadcaster: self.broadcaster()?,
            encoder: Arc::clone(&self.encoder),
            clock: self.clock(),
        })
    }
}
