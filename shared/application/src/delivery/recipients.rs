//! Who is to hear an event: the roster × the open sockets, less those that may not.

use std::sync::Arc;

use parlance_domain::{connection::Connection, head::Seq, ids::UserId, roster::Roster, time::Timestamp};

use crate::ports::{
    PortError,
    connections::ConnectionDirectory,
    delivery::{Broadcast, Hearing},
};

/// Finds the sockets of an event's audience.
#[derive(Clone)]
pub struct Recipients {
    directory: Arc<dyn ConnectionDirectory>,
}

/// The sockets of an event's audience.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Those that are to hear it.
    pub open: Vec<Connection>,
    /// Those whose token has expired: told so, and closed.
    pub expired: Vec<Connection>,
}

impl Recipients {
    /// Reads open sockets from this directory.
    pub fn new(directory: Arc<dyn ConnectionDirectory>) -> Self {
        Self { directory }
    }

    /// The sockets that are to hear `broadcast`, given a roster of its version or later. To be called after the entry stands:
    /// who connects later replays it.
    pub async fn of(
        &self,
        broadcast: &Broadcast,
        roster: &Roster,
        now: Timestamp,
    ) -> Result<Audience, PortError> {
        // Whoever joined after the entry reads it from the log, if he may read it at all.
        let members = roster
            .members()
            .filter(|member| is_for(broadcast.hearing, member.participant.joined))
            .filter(|member| broadcast.seq.is_none_or(|seq| member.participant.joined <= seq))
            .map(|member| member.user.clone());
        let mut users: Vec<UserId> = members.chain(broadcast.subjects.iter().cloned()).collect();
        users.sort_unstable();
        users.dedup();
        let mut audience = Audience::default();
        for connection in self.directory.of_users(&users).await? {
            let scope = connection.scope;
            let hears = match broadcast.hearing {
                Hearing::Log | Hearing::LogOfJoined { .. } | Hearing::Subjects => {
                    scope.hears_log_of(broadcast.conversation)
                }
                Hearing::Typing => scope.hears_typing_in(broadcast.conversation),
                Hearing::Personal => scope.hears_personal(),
            };
            if !hears || broadcast.except.as_ref() == Some(&connection.id) {
                continue;
            }
            let list = if connection.is_expired(now) { &mut audience.expired } else { &mut audience.open };
            list.push(connection);
        }
        Ok(audience)
    }
}

/// Whether a member who joined at `joined` is to hear it.
const fn is_for(hearing: Hearing, joined: Seq) -> bool {
    match hearing {
        Hearing::Log | Hearing::Typing => true,
        Hearing::LogOfJoined { after, up_to } => joined.get() > after && joined.get() <= up_to.get(),
        Hearing::Personal | Hearing::Subjects => false,
    }
}
