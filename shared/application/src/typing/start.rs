//! Somebody types: the others are told, unless what they were told still holds.

use parlance_domain::{head::Head, signal::TypingUser, time::Timestamp};

use super::room::{EXPIRES_AFTER, TypingError, TypingRooms, Typist};

/// Notes that somebody types.
#[derive(Clone)]
pub struct StartTyping {
    rooms: TypingRooms,
}

impl StartTyping {
    /// Works over these ports.
    pub const fn new(rooms: TypingRooms) -> Self {
        Self { rooms }
    }

    /// Tells the members that he types, if he was not typing yet, if half of what they were told is over, or if a message came since, with
    /// which clients drop its sender.
    pub async fn execute(&self, typist: Typist) -> Result<(), TypingError> {
        let Some(room) = self.rooms.enter(&typist).await? else { return Ok(()) };
        let told = room.typists.iter().find(|other| other.user == typist.user);
        if told.is_some_and(|told| holds(told, &room.head, room.now)) {
            return Ok(());
        }
        let note = TypingUser { user: typist.user.clone(), expires_at: room.now.plus(EXPIRES_AFTER) };
        if let Some(users) = self.rooms.board.note(typist.conversation, &note, room.now).await {
            self.rooms.tell(typist, &room, users).await;
        }
        Ok(())
    }
}

fn holds(told: &TypingUser, head: &Head, now: Timestamp) -> bool {
    let has_message_since =
        head.last_message == Some(head.seq) && head.at > told.expires_at.minus(EXPIRES_AFTER);
    told.expires_at.since(now) >= EXPIRES_AFTER / 2 && !has_message_since
}
