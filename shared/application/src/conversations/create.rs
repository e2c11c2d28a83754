//! Creates a conversation with everybody who is in it from the start: a group, the one of two people, the one of a reference.

use std::sync::Arc;

use parlance_domain::{
    authority::Caller,
    conversation::{Conversation, ConversationKind, History, Reference, Title},
    event::{ConversationView, Event, EventBody},
    head::Seq,
    ids::{ConnectionId, ConversationId, UserId},
    log::{Entry, EntryBody, Joining},
    permissions::Role,
    roster::{Participant, Roster},
};

use super::{
    change::{ChangeConversation, ChangeRequest},
    reader::Reader,
};
use crate::{
    delivery::{
        announce::{Announcement, Announcer},
        companions::Companions,
    },
    log::change::ChangeError,
    participants::add::AddParticipants,
    ports::{
        PortError,
        cache::ConversationCache,
        conversations::{ConversationRepository, Creating, Creation},
        environment::{Clock, Random},
        idempotency::RequestSeed,
        rates::Counting,
    },
};

/// The most people that a conversation is created with.
pub const MAX_PARTICIPANTS: usize = 1_000;

/// How many of them the creating transaction holds; the others come by entries of their own right after.
const IN_CREATION: usize = AddParticipants::MAX;

/// Creates conversations.
#[derive(Clone)]
pub struct CreateConversation {
    conversations: Arc<dyn ConversationRepository>,
    changes: ChangeConversation,
    announcer: Announcer,
    companions: Companions,
    cache: Arc<dyn ConversationCache>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A conversation of any kind but direct.
#[derive(Debug, Clone)]
pub struct NewConversation<'a> {
    /// Who creates it, and becomes its owner; but a trusted back end creates one that carries a reference for others, without being in it.
    pub creator: Caller<'a>,
    /// What sort; not [`ConversationKind::Direct`].
    pub kind: ConversationKind,
    /// What people call it.
    pub title: Option<Title>,
    /// What it is about; a second conversation about the same is not created.
    pub reference: Option<Reference>,
    /// Who else is in it, as members.
    pub participants: Vec<UserId>,
    /// How much of the past a newcomer sees.
    pub history: History,
    /// The socket that asked, if it was one.
    pub from: Option<ConnectionId>,
    /// What the request shares with its retries; without it each creates a conversation of its own.
    pub seed: Option<RequestSeed>,
}

/// A conversation that exists now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatedConversation {
    /// By this request.
    Created(ConversationId),
    /// It existed already.
    Existing(ConversationId),
}

impl CreatedConversation {
    /// Its id, whoever created it.
    pub const fn id(self) -> ConversationId {
        match self {
            Self::Created(id) | Self::Existing(id) => id,
        }
    }
}

/// Why a conversation was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateConversationError {
    /// A direct conversation has its own way.
    #[error("a direct conversation is created with its two people")]
    DirectKind,
    /// A direct conversation with oneself.
    #[error("a direct conversation needs two people")]
    WithOneself,
    /// More than [`MAX_PARTICIPANTS`].
    #[error("too many participants")]
    TooManyParticipants,
    /// Nobody would be in it.
    #[error("a conversation needs somebody who is in it")]
    NoParticipants,
    /// One of the two people of the direct conversation blocks the other one.
    #[error("one of the two blocks the other")]
    Blocked,
    /// Its reference has a conversation already, of which nothing may be told here.
    #[error("the reference is taken")]
    ReferenceTaken,
    /// Part of the participants could not be added; to be retried.
    #[error("the conversation is too busy")]
    Unavailable,
    /// An outside failed; to be retried.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl CreateConversation {
    /// Creates over these ports.
    pub fn new(
        conversations: Arc<dyn ConversationRepository>,
        changes: ChangeConversation,
        announcer: Announcer,
        companions: Companions,
        cache: Arc<dyn ConversationCache>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { conversations, changes, announcer, companions, cache, clock, random }
    }

    /// Creates a conversation; one that carries a reference exists once, so a second creation is refused.
    pub async fn execute(&self, new: NewConversation<'_>) -> Result<ConversationId, CreateConversationError> {
        match self.once(new).await? {
            CreatedConversation::Created(id) => Ok(id),
            CreatedConversation::Existing(_) => Err(CreateConversationError::ReferenceTaken),
        }
    }

    /// Creates the conversation of a reference, or finds it, if it is the creator's to see.
    pub async fn find_or_create(
        &self,
        new: NewConversation<'_>,
    ) -> Result<CreatedConversation, CreateConversationError> {
        let creator = new.creator;
        let outcome = self.once(new).await?;
        if let CreatedConversation::Existing(id) = outcome
            && Reader::of(self.conversations.as_ref(), creator, id).await?.is_none()
        {
            return Err(CreateConversationError::ReferenceTaken);
        }
        Ok(outcome)
    }

    async fn once(&self, new: NewConversation<'_>) -> Result<CreatedConversation, CreateConversationError> {
        if new.kind == ConversationKind::Direct {
            return Err(CreateConversationError::DirectKind);
        }
        let id = new.reference.as_ref().map_or_else(
            || ConversationId::from_bytes(new.seed.map_or_else(|| self.random.bytes(), |seed| seed.0)),
            |reference| ConversationId::of_reference(&reference.kind, &reference.id),
        );
        let is_for_others = new.creator.is_service && new.reference.is_some();
        let mut joining = joining(new.participants, (!is_for_others).then_some(new.creator.user));
        match joining.len() {
            0 => return Err(CreateConversationError::NoParticipants),
            1..=MAX_PARTICIPANTS => {}
            _ => return Err(CreateConversationError::TooManyParticipants),
        }
        let rest: Vec<UserId> = joining
            .split_off(joining.len().min(IN_CREATION))
            .into_iter()
            .map(|joining| joining.user)
            .collect();
        let conversation = Conversation {
            id,
            kind: new.kind,
            title: new.title,
            reference: new.reference,
            created_by: new.creator.user.clone(),
            created_at: self.clock.now(),
            history: new.history,
            since: Seq::FIRST,
        };
        let is_from_seed = conversation.reference.is_none() && new.seed.is_some();
        let mut outcome = self.create(conversation, joining, new.from.clone()).await?;
        if is_from_seed {
            // Only an earlier attempt at this very request can have created it, and may have died before all were in it.
            outcome = CreatedConversation::Created(id);
        }
        if let CreatedConversation::Created(_) = outcome {
            for users in rest.chunks(AddParticipants::MAX) {
                self.add(id, new.creator, users, new.from.clone()).await?;
            }
        }
        Ok(outcome)
    }

    /// The one conversation of two people, created the first time that either asks.
    pub async fn direct(
        &self,
        asker: &UserId,
        other: &UserId,
        from: Option<ConnectionId>,
    ) -> Result<CreatedConversation, CreateConversationError> {
        if asker == other {
            return Err(CreateConversationError::WithOneself);
        }
        let id = ConversationId::direct(asker, other);
        if self.conversations.find(id).await?.is_some() {
            return Ok(CreatedConversation::Existing(id));
        }
        let conversation = Conversation {
            id,
            kind: ConversationKind::Direct,
            title: None,
            reference: None,
            created_by: asker.clone(),
            created_at: self.clock.now(),
            history: History::All,
            since: Seq::FIRST,
        };
        let joining = [asker, other].map(|user| Joining { user: user.clone(), role: Role::Member }).to_vec();
        self.create(conversation, joining, from).await
    }

    async fn create(
        &self,
        conversation: Conversation,
        joining: Vec<Joining>,
        from: Option<ConnectionId>,
    ) -> Result<CreatedConversation, CreateConversationError> {
        let id = conversation.id;
        let first = |role| Participant { role, joined: Seq::FIRST, since: Seq::FIRST };
        let roster: Roster =
            joining.iter().map(|joining| (joining.user.clone(), first(joining.role))).collect();
        let entry = Entry {
            seq: Seq::FIRST,
            n: 0,
            roster_version: Seq::FIRST,
            roster_sum: roster.sum(),
            at: conversation.created_at,
            actor: conversation.created_by.clone(),
            last_message: None,
            key: None,
            body: EntryBody::ConversationCreated {
                conversation: Box::new(conversation.clone()),
                participants: joining,
            },
        };
        let creation = Creation { conversation, roster, entry };
        match self.conversations.create(&creation).await? {
            Creating::Exists => return Ok(CreatedConversation::Existing(id)),
            Creating::Blocked => return Err(CreateConversationError::Blocked),
            Creating::Created => {}
        }
        let Creation { conversation, roster, entry } = creation;
        let counting = Counting::nothing();
        let (opening, told) =
            futures::join!(self.cache.opening(id, &counting), self.companions.tell(id, &entry, &roster));
        if let Err(error) = told {
            tracing::warn!(error = &error as &dyn std::error::Error, "event left to the stream");
            return Ok(CreatedConversation::Created(id));
        }
        let event = Event {
            conversation: id,
            seq: entry.seq,
            at: entry.at,
            body: EventBody::ConversationCreated(Box::new(ConversationView {
                conversation,
                roster: roster.clone(),
                head_seq: entry.seq,
                head_n: entry.n,
                writable: true,
                last_message: None,
            })),
        };
        self.announcer
            .announce(Announcement {
                conversation: id,
                entry: &entry,
                event: &event,
                roster: &roster,
                subjects: Vec::new(),
                except: from,
                has_relay: opening.has_relay,
            })
            .await;
        Ok(CreatedConversation::Created(id))
    }

    async fn add(
        &self,
        id: ConversationId,
        creator: Caller<'_>,
        users: &[UserId],
        from: Option<ConnectionId>,
    ) -> Result<(), CreateConversationError> {
        let change =
            AddParticipants { joining: users.iter().map(|user| (user.clone(), Role::Member)).collect() };
        let request = ChangeRequest { conversation: id, caller: creator, subject: users.first(), from };
        match self.changes.execute(request, &change).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Port(error)) => Err(error.into()),
            Err(_) => Err(CreateConversationError::Unavailable),
        }
    }
}

/// Everybody once: the owner first, if there is one, then the others as members.
fn joining(mut others: Vec<UserId>, owner: Option<&UserId>) -> Vec<Joining> {
    others.sort_unstable();
    others.dedup();
    others.retain(|user| Some(user) != owner);
    let owner = owner.map(|user| Joining { user: user.clone(), role: Role::Owner });
    owner.into_iter().chain(others.into_iter().map(|user| Joining { user, role: Role::Member })).collect()
}
