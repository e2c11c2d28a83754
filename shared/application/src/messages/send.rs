//! Sends a message: the rules from top to bottom.

mod error;

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    event::{Event, EventBody, EventEncoder},
    head::Seq,
    ids::{ClientMessageId, ConnectionId, ConversationId, UserId},
    log::{Entry, EntryBody, MessageKey},
    message::{Message, MessageBody, MessageKind, PlacedMessage},
    roster::Roster,
};

pub use self::error::SendMessageError;
use super::{files::FilesToSend, mention::NotifyMentioned};
use crate::{
    conversations::reader::first_visible,
    delivery::{
        announce::{Announcement, Announcer},
        lanes::MAX_FRAME_BYTES,
    },
    limits::{admission::Admission, limiter::RateLimited},
    log::append::{Appended, Entitlement, Submission, TailAppend},
    ports::{
        PortError,
        attachments::AttachmentRepository,
        cache::{ConversationCache, Opening},
        conversations::{ConversationRepository, ReadCursor},
        delivery::RelayBus,
        environment::{Clock, Random},
        log::MessageLog,
    },
};

/// How often a message with files begins again since one of them changed meanwhile: its scan ended.
const FILES_READ: u32 = 8;

/// How many bytes more a file may take in its message once it was looked into.
const MEDIA_BYTES: usize = 320;

/// Sends messages.
#[derive(Clone)]
pub struct SendMessage {
    append: TailAppend,
    announcer: Announcer,
    mentions: NotifyMentioned,
    log: Arc<dyn MessageLog>,
    conversations: Arc<dyn ConversationRepository>,
    cache: Arc<dyn ConversationCache>,
    relays: Arc<dyn RelayBus>,
    files: FilesToSend,
    encoder: Arc<dyn EventEncoder>,
    random: Arc<dyn Random>,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where to.
    pub conversation: ConversationId,
    /// From whom.
    pub sender: UserId,
    /// The client's own id of it, which every retry carries; without one, each request is a new message.
    pub client_id: Option<ClientMessageId>,
    /// The last position that the client knew when it first queued the message.
    pub after: Option<u64>,
    /// What is said.
    pub body: MessageBody,
    /// The socket that asked, which gets the answer instead of the event.
    pub from: Option<ConnectionId>,
    /// The request, which the first round trip counts.
    pub admission: Admission,
}

/// A message that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// As it stands now: after a retry perhaps edited or deleted.
    pub message: PlacedMessage,
    /// Whether an earlier request had sent it.
    pub is_duplicate: bool,
}

/// What [`SendMessage`] works over.
pub struct SendPorts {
    /// The log's writer.
    pub append: TailAppend,
    /// What follows an entry.
    pub announcer: Announcer,
    /// Who tells those that a message names.
    pub mentions: NotifyMentioned,
    /// The truth.
    pub log: Arc<dyn MessageLog>,
    /// Conversations.
    pub conversations: Arc<dyn ConversationRepository>,
    /// The hints.
    pub cache: Arc<dyn ConversationCache>,
    /// The marks.
    pub relays: Arc<dyn RelayBus>,
    /// The files.
    pub attachments: Arc<dyn AttachmentRepository>,
    /// The spelling of events.
    pub encoder: Arc<dyn EventEncoder>,
    /// The host's clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl SendMessage {
    /// Sends over these ports.
    pub fn new(ports: SendPorts) -> Self {
        Self {
            append: ports.append,
            announcer: ports.announcer,
            mentions: ports.mentions,
            log: ports.log,
            conversations: ports.conversations,
            cache: ports.cache,
            relays: ports.relays,
            files: FilesToSend::new(ports.attachments, ports.clock),
            encoder: ports.encoder,
            random: ports.random,
        }
    }

    /// Sends the message, or finds it where an earlier attempt left it. Once this returns `Ok`, it is durable.
    pub async fn execute(&self, draft: Draft) -> Result<Sent, SendMessageError> {
        self.send(draft, Entitlement::Membership).await
    }

    /// The same for somebody who may be a trusted back end: he need not be in a conversation that carries a reference.
    pub async fn execute_as(&self, caller: Caller<'_>, draft: Draft) -> Result<Sent, SendMessageError> {
        let serves = caller.is_service
            && self.conversations.find(draft.conversation).await?.is_some_and(|found| caller.serves(&found));
        let entitlement = if serves { Entitlement::Reference } else { Entitlement::Membership };
        self.send(draft, entitlement).await
    }

    async fn send(&self, draft: Draft, entitlement: Entitlement) -> Result<Sent, SendMessageError> {
        let Draft { conversation, sender, client_id, after, body, from, admission } = draft;
        if body.kind == MessageKind::Voice && body.attachments.len() != 1 {
            return Err(SendMessageError::NoRecording);
        }
        self.require_fits(conversation, &sender, client_id.as_ref(), &Message::sent(body.clone(), Seq::MAX))?;
        let counting = admission.counting(Some(conversation));
        let opening = self.cache.opening(conversation, &counting).await;
        let has_relay = opening.has_relay;
        let admitted = admission.settle(&counting, opening.counts.clone()).await;
        let mut submission = Submission {
            conversation,
            sender,
            key: client_id.map_or_else(|| MessageKey::Invocation(self.random.bytes()), MessageKey::Client),
            after,
            body,
            files: Vec::new(),
            entitlement,
        };
        if let Err(limited) = admitted {
            return Err(self.refuse(limited, &submission, &opening).await);
        }
        let appended = if submission.body.attachments.is_empty() {
            self.append(&submission, opening).await
        } else {
            self.append_with_files(&mut submission, &opening).await
        };
        if matches!(appended, Err(SendMessageError::NotFound)) {
            admission.take_back(&counting).await;
        }
        match appended? {
            Appended::Stored { entry, roster } => {
                let message = self.announce(conversation, &entry, &roster, from, has_relay).await?;
                Ok(Sent { message, is_duplicate: false })
            }
            Appended::StoredUnanswered { entry, roster } => {
                let is_sent = self.relays.are_sent(&[(conversation, entry.seq)]).await;
                let message = if is_sent.first() == Some(&true) {
                    placed(&entry, conversation)?
                } else {
                    self.announce(conversation, &entry, &roster, from, has_relay).await?
                };
                Ok(Sent { message, is_duplicate: false })
            }
            Appended::AlreadyStored(entry) => {
                require_same(&submission, &entry)?;
                self.remember_own(conversation, &entry).await;
                Ok(Sent { message: placed(&entry, conversation)?, is_duplicate: true })
            }
        }
    }

    /// How busy a conversation is, is told to its members only.
    async fn refuse(
        &self,
        limited: RateLimited,
        submission: &Submission,
        opening: &Opening,
    ) -> SendMessageError {
        let is_known =
            opening.roster.as_ref().is_some_and(|(_, roster)| roster.member(&submission.sender).is_some());
        if limited.is_own || is_known {
            return limited.into();
        }
        match self.append.joined(submission.conversation, &submission.sender).await {
            Ok(_) => limited.into(),
            Err(error) => error.into(),
        }
    }

    async fn append(&self, submission: &Submission, opening: Opening) -> Result<Appended, SendMessageError> {
        match self.referred(submission).await? {
            Some(referred) => self.append_answering(submission, opening, referred).await,
            None => Ok(self.append.append(submission, opening).await?),
        }
    }

    /// Appends a message that takes files: it stands and they are its own, or neither. A file that is not to be had refuses the message only
    /// once it is known that it does not stand: its first attempt may have taken the very file.
    async fn append_with_files(
        &self,
        submission: &mut Submission,
        opening: &Opening,
    ) -> Result<Appended, SendMessageError> {
        for _ in 0..FILES_READ {
            let (files, refusal) = self.files.read(submission).await?;
            submission.files = files;
            if refusal.is_none() {
                let message =
                    Message::sent(submission.body.clone(), Seq::MAX).with_files(submission.attached());
                let client_id = submission.key.client_id();
                self.require_fits(submission.conversation, &submission.sender, client_id, &message)?;
            }
            match (self.append(submission, opening.clone()).await, refusal) {
                (Err(SendMessageError::UnknownAttachment), Some(refusal)) => return Err(refusal),
                // They were free when they were read: something became of one of them since.
                (Err(SendMessageError::UnknownAttachment), None) => {}
                (appended, _) => return appended,
            }
        }
        Err(SendMessageError::Unavailable)
    }

    /// Refuses a message whose event no frame could carry, before anything is read.
    fn require_fits(
        &self,
        conversation: ConversationId,
        sender: &UserId,
        client_id: Option<&ClientMessageId>,
        message: &Message,
    ) -> Result<(), SendMessageError> {
        let placed = PlacedMessage {
            id: parlance_domain::ids::MessageId::new(conversation, Seq::MAX),
            n: Seq::MAX.get(),
            sender: sender.clone(),
            client_id: client_id.cloned(),
            created_at: parlance_domain::time::Timestamp::default(),
            message: message.clone(),
        };
        let event = Event {
            conversation,
            seq: Seq::MAX,
            at: placed.created_at,
            body: EventBody::MessageCreated(Box::new(placed)),
        };
        let bytes = self.encoder.event(&event).len() + message.files.len() * MEDIA_BYTES;
        if bytes <= MAX_FRAME_BYTES { Ok(()) } else { Err(SendMessageError::TooLarge) }
    }

    /// The entries that the message refers to, read strongly; `None` if it refers to none.
    async fn referred(&self, submission: &Submission) -> Result<Option<Vec<Entry>>, PortError> {
        let seqs: Vec<Seq> = submission.body.reply_to.into_iter().chain(submission.body.thread).collect();
        if seqs.is_empty() {
            return Ok(None);
        }
        self.log.entries_at(submission.conversation, &seqs).await.map(Some)
    }

    /// Appends a message that answers others. Whether these exist is told only to those who may see them.
    async fn append_answering(
        &self,
        submission: &Submission,
        opening: Opening,
        referred: Vec<Entry>,
    ) -> Result<Appended, SendMessageError> {
        let first = self.first_visible(submission, &opening).await?;
        let stands = |seq: Option<Seq>| {
            let is_there = |seq| referred.iter().any(|entry| entry.seq == seq && entry.body.counts());
            seq.is_none_or(|seq| seq >= first && is_there(seq))
        };
        let refusal = if !stands(submission.body.reply_to) {
            SendMessageError::UnknownReply
        } else if !stands(submission.body.thread) {
            SendMessageError::UnknownThread
        } else {
            return Ok(self.append.append(submission, opening).await?);
        };
        self.append.joined(submission.conversation, &submission.sender).await?;
        Err(refusal)
    }

    /// Where the sender's log begins.
    async fn first_visible(
        &self,
        submission: &Submission,
        opening: &Opening,
    ) -> Result<Seq, SendMessageError> {
        let remembered = opening.current_roster().and_then(|roster| roster.member(&submission.sender));
        let joined = match remembered {
            Some(member) => member.participant.joined,
            None => self.append.joined(submission.conversation, &submission.sender).await?,
        };
        if joined == Seq::FIRST {
            return Ok(joined);
        }
        let found = self.conversations.find(submission.conversation).await?;
        let found = found.ok_or(SendMessageError::NotFound)?;
        Ok(first_visible(found.history, joined))
    }

    async fn announce(
        &self,
        conversation: ConversationId,
        entry: &Entry,
        roster: &Roster,
        except: Option<ConnectionId>,
        has_relay: bool,
    ) -> Result<PlacedMessage, SendMessageError> {
        let message = placed(entry, conversation)?;
        let event = Event {
            conversation,
            seq: entry.seq,
            at: entry.at,
            body: EventBody::MessageCreated(Box::new(message.clone())),
        };
        let announcement = Announcement {
            conversation,
            entry,
            event: &event,
            roster,
            subjects: Vec::new(),
            except,
            has_relay,
        };
        futures::join!(
            self.announcer.announce(announcement),
            self.mentions.execute(entry, &message, roster, has_relay),
            self.remember_own(conversation, entry)
        );
        Ok(message)
    }

    /// Sending reads: at once here, durably by the stream.
    async fn remember_own(&self, conversation: ConversationId, entry: &Entry) {
        let cursor = ReadCursor { seq: entry.seq, n: entry.n, at: entry.at };
        self.cache.own_positions(&entry.actor, Some((conversation, cursor))).await;
    }
}

/// A retry says what was said first. Of a message that was edited or deleted since nobody knows it any more.
fn require_same(submission: &Submission, entry: &Entry) -> Result<(), SendMessageError> {
    match &entry.body {
        EntryBody::MessageSent(first)
            if first.version == 1 && !first.deleted && first.body != submission.body =>
        {
            Err(SendMessageError::OtherMessage)
        }
        _ => Ok(()),
    }
}

fn placed(entry: &Entry, conversation: ConversationId) -> Result<PlacedMessage, PortError> {
    debug_assert!(matches!(entry.body, EntryBody::MessageSent(_)));
    entry.message(conversation).ok_or_else(|| PortError::new("log", "an appended entry is no message"))
}
