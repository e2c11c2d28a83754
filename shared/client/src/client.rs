//! What an application holds: the client, with which it asks and sends, and the events that it is told.

use std::{fmt, io, path::PathBuf, sync::Arc};

use parlance_protocol::{
    conversation::Conversation,
    event::EventFrame,
    ids::{ConversationId, UserId},
    message::Message,
    page::{LogPage, Page},
    problem::ReceivedProblem,
    request::send_message::{Draft, SendMessageData},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    api::{Api, ApiError},
    driver::{Command, Driver},
    kept::KeptOutbox,
    options::{InvalidOrigin, Options},
};

/// A user's connection to Parlance. Clones share it; it ends with the last one.
#[derive(Clone)]
pub struct Client {
    api: Arc<Api>,
    commands: mpsc::UnboundedSender<Command>,
}

/// What the client tells the application, to be read without pause.
#[derive(Debug)]
pub struct Events {
    events: mpsc::UnboundedReceiver<ClientEvent>,
}

/// One thing that the client tells.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    /// A socket is open and the session has begun, for the first time or again.
    Connected,
    /// The socket is gone. The client comes back by itself.
    Disconnected {
        /// Why, for a person to read.
        reason: String,
    },
    /// An entry of a conversation's log: each once, in order, without a gap; one's own messages among them.
    Event(EventFrame),
    /// Something that is in no log: who is typing, who is there.
    Ephemeral(EventFrame),
    /// A conversation that this client did not know of. Its entries follow from `head_seq` on; the ones before are its history.
    Conversation(Box<Conversation>),
    /// What is known of a conversation is void, because its log was restored from a backup: read its history again.
    Restarted(ConversationId),
    /// The conversation is no longer the user's.
    Gone(ConversationId),
    /// A message that waited in the file of an earlier program will not be stored.
    Unsent {
        /// The message.
        message: Box<SendMessageData>,
        /// Why.
        error: SendError,
    },
    /// The server does not want this session back. Nothing follows.
    Closed {
        /// Why, for a person to read.
        reason: String,
    },
}

/// Why a client does not even begin.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is nothing to connect to.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// The file of the outbox cannot be opened, or another program has it open.
    #[error("the outbox {path}: {error}")]
    Outbox {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
}

/// A message that is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The message as it stands.
    pub message: Message,
    /// Whether it was an earlier attempt that stored it.
    pub duplicate: bool,
}

/// Why a message will not be stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// The server refused it.
    #[error("{0}")]
    Refused(ReceivedProblem),
    /// The conversation could not be read.
    #[error(transparent)]
    Conversation(#[from] ApiError),
    /// The user is no longer in the conversation.
    #[error("the conversation is gone")]
    Gone,
    /// The client fell too far behind while the message waited to know whether it is stored: look before sending it again.
    #[error("whether the message is stored is not known")]
    Unknown,
    /// The message cannot be kept in the file of the outbox, and was not sent.
    #[error("the message cannot be kept: {0}")]
    NotKept(Arc<io::Error>),
    /// The session is over.
    #[error("the session is closed")]
    Closed,
}

/// Why the session did not, or will not, send a message.
#[derive(Debug)]
pub(crate) enum SendFailure {
    /// Where in the conversation the client stands is not known yet; the draft comes back.
    NotKnown(Draft),
    /// It never will be stored.
    Failed(SendError),
}

impl Client {
    /// Begins a session in the background, which stays until the last clone of the client is dropped or the server ends it for good.
    ///
    /// Must be called within a Tokio runtime.
    pub fn connect(options: Options) -> Result<(Self, Events), ConnectError> {
        let options = Arc::new(options);
        let api = Arc::new(Api::new(Arc::clone(&options))?);
        let opened = options.outbox.as_deref().map(|path| {
            KeptOutbox::open(path).map_err(|error| ConnectError::Outbox { path: path.to_owned(), error })
        });
        let kept = opened.transpose()?;
        let (commands, received) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(options, Arc::clone(&api), sender, kept).run(received));
        Ok((Self { api, commands }, Events { events }))
    }

    /// Sends a message and waits until it is stored, however long that takes and however often the connection breaks meanwhile.
    ///
    /// Messages of one conversation are stored in the order in which this was called. The message is sent even if the future is dropped.
    pub async fn send(&self, conversation: ConversationId, draft: Draft) -> Result<Sent, SendError> {
        match self.queue(conversation, draft).await {
            Err(SendFailure::NotKnown(draft)) => {
                self.conversation(conversation).await?;
                self.queue(conversation, draft).await
            }
            outcome => outcome,
        }
        .map_err(|failure| match failure {
            SendFailure::Failed(error) => error,
            SendFailure::NotKnown(_) => SendError::Gone,
        })
    }

    async fn queue(&self, conversation: ConversationId, draft: Draft) -> Result<Sent, SendFailure> {
        let closed = SendFailure::Failed(SendError::Closed);
        let (reply, answer) = oneshot::channel();
        if self.commands.send(Command::Send { conversation, draft, reply }).is_err() {
            return Err(closed);
        }
        answer.await.unwrap_or(Err(closed))
    }

    /// One page of the user's conversations, most recent activity first.
    pub async fn conversations(&self, cursor: Option<&str>) -> Result<Page<Conversation>, ApiError> {
        let page = self.api.conversations(cursor, 50).await?;
        for conversation in &page.items {
            self.know(conversation);
        }
        Ok(page)
    }

    /// A conversation as it stands now. Its events follow from there on.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, ApiError> {
        self.api.conversation(id).await.inspect(|conversation| self.know(conversation))
    }

    /// The one conversation with somebody, which is created if there is none.
    pub async fn create_direct(&self, other: &str) -> Result<Conversation, ApiError> {
        let other = UserId::parse(other).map_err(|error| ApiError::Unreachable(error.to_string()))?;
        self.api.create_direct(&other).await.inspect(|conversation| self.know(conversation))
    }

    /// A new group with these people.
    pub async fn create_group(
        &self,
        title: Option<&str>,
        participants: &[UserId],
    ) -> Result<Conversation, ApiError> {
        self.api.create_group(title, participants).await.inspect(|conversation| self.know(conversation))
    }

    /// One page of a conversation's messages, newest first: the newest of all, or the ones before a position.
    pub async fn history(
        &self,
        id: ConversationId,
        before: Option<u64>,
        limit: u64,
    ) -> Result<Page<Message>, ApiError> {
        self.api.history(id, before, limit).await
    }

    /// One stretch of a conversation's log, from the entry after `after` on.
    pub async fn log(&self, id: ConversationId, after: u64) -> Result<LogPage, ApiError> {
        self.api.log(id, after).await
    }

    fn know(&self, conversation: &Conversation) {
        // A session that has ended needs to know nothing.
        let _ = self.commands.send(Command::Know(conversation.id, conversation.head_seq));
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Events {
    /// The next event; `None` once the session is over.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.events.recv().await
    }
}
