//! Somebody stops typing: the others are told, if they think that he types.

use super::room::{TypingError, TypingRooms, Typist};

/// Notes that somebody types no more.
#[derive(Clone)]
pub struct StopTyping {
    rooms: TypingRooms,
}

impl StopTyping {
    /// Works over these ports.
    pub const fn new(rooms: TypingRooms) -> Self {
        Self { rooms }
    }

    /// Tells the members who is left; nothing where he was not typing.
    pub async fn execute(&self, typist: Typist) -> Result<(), TypingError> {
        let Some(room) = self.rooms.enter(&typist).await? else { return Ok(()) };
        if room.typists.iter().all(|other| other.user != typist.user) {
            return Ok(());
        }
        let left = self.rooms.board.forget(typist.conversation, &typist.user, room.now).await;
        if let Some(users) = left {
            self.rooms.tell(typist, &room, users).await;
        }
        Ok(())
    }
}
