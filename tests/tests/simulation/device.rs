//! A device: the client library's session as a program would drive it, the network it hangs on, and what its user has seen.

use std::collections::BTreeMap;

use parlance_client::{
    ClientEvent, EventData, EventFrame, SendError, Sent,
    protocol::{
        ids::{ClientMessageId, ConversationId, MessageId},
        request::send_message::SendMessageData,
    },
    session::{Session, SocketId},
};
use parlance_domain::ids::UserId;
use parlance_testkit::memory::environment::SeededRandom;

use super::clock::Moment;

/// A device of somebody's.
pub struct Device {
    /// Whose.
    pub user: UserId,
    /// The program that runs, if one does.
    pub session: Option<Session>,
    /// Counts programs, so that what was meant for an earlier one is not taken by the next.
    pub program: u32,
    /// Whether anything comes or goes.
    pub is_online: bool,
    /// The program's sockets.
    pub sockets: BTreeMap<SocketId, Socket>,
    /// What stands in the file of the outbox.
    pub kept: Vec<SendMessageData>,
    /// How far its user has seen each conversation that the program knows; `None` until the first entry comes.
    pub seen: BTreeMap<ConversationId, Option<u64>>,
    /// Messages of its own that stand in a log.
    pub sent: Vec<MessageId>,
    /// What its application asked for by frames of its own and was never answered: where that was done, only the next entry tells.
    pub unanswered: BTreeMap<String, ConversationId>,
}

/// A socket as its device knows it.
pub struct Socket {
    /// API Gateway's id of it.
    pub connection: String,
    /// Whether the handshake is done.
    pub is_open: bool,
}

/// What a device reports of its program, for the checks.
pub enum Told {
    /// An entry, of which the position that its user had seen before is given, if any was.
    Entry(Box<EventFrame>, Option<u64>),
    /// What became of a message.
    Settled(Box<SendMessageData>, Box<Result<Sent, SendError>>),
    /// A message was settled that never was sent, or twice.
    SettledTwice(ClientMessageId),
}

impl Device {
    /// A device that is switched off.
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            session: None,
            program: 0,
            is_online: true,
            sockets: BTreeMap::new(),
            kept: Vec::new(),
            seen: BTreeMap::new(),
            sent: Vec::new(),
            unanswered: BTreeMap::new(),
        }
    }

    /// Starts a program, which finds in the outbox what the last one left.
    pub fn switch_on(&mut self, random: &SeededRandom, now: Moment) {
        let random = random.clone();
        let jitter = move |limit: u64| {
            u64::try_from(random.index(usize::try_from(limit).unwrap_or(usize::MAX - 1) + 1)).unwrap()
        };
        let mut session = Session::new(jitter, now);
        for message in &self.kept {
            self.seen.insert(message.conversation_id, None);
            session.queue_again(message.clone(), now);
        }
        self.program += 1;
        self.session = Some(session);
    }

    /// Ends the program, however suddenly, and returns the sockets that end with it.
    pub fn switch_off(&mut self) -> Vec<Socket> {
        self.session = None;
        self.seen.clear();
        std::mem::take(&mut self.sockets).into_values().collect()
    }

    /// Takes what the session tells its application.
    pub fn tell(&mut self, event: ClientEvent) -> Option<Told> {
        match event {
            ClientEvent::Event(frame) => {
                let (Some(id), Some(seq)) = (frame.conversation_id, frame.seq) else { return None };
                let before = self.seen.insert(id, Some(seq)).flatten();
                Some(Told::Entry(Box::new(frame), before))
            }
            ClientEvent::Conversation(conversation) => {
                self.seen.insert(conversation.id, Some(conversation.head_seq));
                None
            }
            ClientEvent::Gone(id) | ClientEvent::Restarted(id) => {
                self.seen.remove(&id);
                None
            }
            _ => None,
        }
    }

    /// Notes which of the application's own questions a frame answers.
    pub fn note_answer(&mut self, frame: &str) {
        #[derive(serde::Deserialize)]
        struct Answer {
            id: Option<String>,
        }
        if !self.unanswered.is_empty()
            && let Ok(Answer { id: Some(id) }) = serde_json::from_str(frame)
        {
            self.unanswered.remove(&id);
        }
    }

    /// Takes what the session says of a message.
    pub fn settle(&mut self, id: ClientMessageId, outcome: Result<Sent, SendError>) -> Told {
        let Some(place) = self.kept.iter().position(|message| message.client_id == id) else {
            return Told::SettledTwice(id);
        };
        let message = self.kept.remove(place);
        if let Ok(sent) = &outcome {
            self.sent.push(sent.message.id);
        }
        Told::Settled(Box::new(message), Box::new(outcome))
    }
}

/// The sender and the client's id of a message that an entry tells of.
pub fn message_of(frame: &EventFrame) -> Option<(UserId, Option<ClientMessageId>)> {
    match frame.data() {
        EventData::MessageCreated(message) => Some((message.sender_id.clone(), message.client_id.clone())),
        _ => None,
    }
}
