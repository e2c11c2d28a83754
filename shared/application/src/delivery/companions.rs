//! What goes beside an entry that brings people into a conversation or takes them out of it: to them alone, and without a position,
//! since it stands in no log of theirs.

use std::sync::Arc;

use parlance_domain::{
    connection::Connection,
    conversation::ConversationKind,
    event::{Closing, ConversationView, EventEncoder},
    ids::{ConversationId, UserId},
    log::{Entry, EntryBody, Joining},
    roster::Roster,
    signal::{Notification, Signal, SignalBody},
};

use super::broadcaster::{Broadcaster, Closer};
use crate::ports::{
    PortError,
    connections::ConnectionDirectory,
    conversations::ConversationRepository,
    delivery::{Broadcast, Hearing},
};

/// Tells people that they are in a conversation now, or not any more.
#[derive(Clone)]
pub struct Companions {
    conversations: Arc<dyn ConversationRepository>,
    directory: Arc<dyn ConnectionDirectory>,
    broadcaster: Broadcaster,
    closer: Closer,
    encoder: Arc<dyn EventEncoder>,
}

/// Something for some people alone.
struct Aside {
    to: Vec<UserId>,
    hearing: Hearing,
    body: SignalBody,
}

impl Companions {
    /// Tells through these.
    pub fn new(
        conversations: Arc<dyn ConversationRepository>,
        directory: Arc<dyn ConnectionDirectory>,
        broadcaster: Broadcaster,
        closer: Closer,
        encoder: Arc<dyn EventEncoder>,
    ) -> Self {
        Self { conversations, directory, broadcaster, closer, encoder }
    }

    /// Tells whom the entry brings that the conversation is his, and whom it takes that it is not; the sockets that were for this
    /// conversation alone close then. `roster` is the one after the entry, or a later one.
    pub async fn tell(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        roster: &Roster,
    ) -> Result<(), PortError> {
        let by = entry.actor.clone();
        match &entry.body {
            EntryBody::ConversationCreated { conversation: made, participants }
                if made.kind != ConversationKind::Direct =>
            {
                self.aside(conversation, entry, invitation(others(participants, &by), by)).await?;
            }
            EntryBody::ParticipantsAdded { participants } => {
                // Who has gone again by the time that this is told is not told.
                let is_in = |user: &UserId| {
                    roster.member(user).is_some_and(|member| member.participant.joined == entry.seq)
                };
                let to = participants.iter().map(|joining| &joining.user).filter(|user| is_in(user));
                let to: Vec<UserId> = to.cloned().collect();
                if let Some(found) = self.conversations.find(conversation).await? {
                    let view = ConversationView {
                        conversation: found,
                        roster: roster.clone(),
                        head_seq: entry.seq,
                        head_n: entry.n,
                        writable: !entry.head().is_closed(),
                        last_message: None,
                    };
                    let body = SignalBody::ConversationJoined(Box::new(view));
                    let joined = Aside { to: to.clone(), hearing: Hearing::Subjects, body };
                    self.aside(conversation, entry, joined).await?;
                }
                self.aside(conversation, entry, invitation(to, by)).await?;
            }
            EntryBody::ParticipantRemoved { user } => {
                let to = vec![user.clone()];
                let body = SignalBody::ConversationLeft { by, last: entry.seq };
                let left = Aside { to: to.clone(), hearing: Hearing::Subjects, body };
                self.aside(conversation, entry, left).await?;
                self.close_sockets_for(conversation, &to).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn aside(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        aside: Aside,
    ) -> Result<(), PortError> {
        let Aside { to, hearing, body } = aside;
        if to.is_empty() {
            return Ok(());
        }
        let signal = Signal { conversation: Some(conversation), at: entry.at, body };
        let broadcast = Broadcast {
            conversation,
            seq: None,
            roster_version: entry.roster_version,
            hearing,
            subjects: to,
            except: None,
            frame: self.encoder.signal(&signal),
        };
        // Not through a relay: these are few, and whether it was heard there is not known.
        self.broadcaster.broadcast(&broadcast, &Roster::default(), false).await
    }

    /// Sockets that were opened for this conversation alone have nothing to hear any more.
    async fn close_sockets_for(
        &self,
        conversation: ConversationId,
        users: &[UserId],
    ) -> Result<(), PortError> {
        let open = self.directory.of_users(users).await?;
        let of_this: Vec<Connection> =
            open.into_iter().filter(|open| open.scope.conversation() == Some(conversation)).collect();
        self.closer.close_all(&of_this, Closing::NoLongerMember).await
    }
}

fn invitation(to: Vec<UserId>, by: UserId) -> Aside {
    let body = SignalBody::Notification(Notification::Invitation { by });
    Aside { to, hearing: Hearing::Personal, body }
}

fn others(participants: &[Joining], actor: &UserId) -> Vec<UserId> {
    participants.iter().filter(|joining| joining.user != *actor).map(|joining| joining.user.clone()).collect()
}
