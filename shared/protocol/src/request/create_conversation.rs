//! `POST /api/messaging/conversations/`: a conversation of any kind but `direct`.

use parlance_domain::{
    conversation::{ConversationKind, History, Reference, Title},
    ids::UserId,
};

use crate::{
    fields::{self, Fields, Object},
    limits::MAX_PARTICIPANT_IDS,
    problem::Problem,
    spec::shape::Shape,
};

/// What the conversation is to be, and who is in it besides its creator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateConversation {
    /// What sort of conversation; never [`ConversationKind::Direct`].
    pub kind: ConversationKind,
    /// What people call it.
    pub title: Option<Title>,
    /// The others, each once.
    pub participants: Vec<UserId>,
    /// What it is about.
    pub reference: Option<Reference>,
    /// How much of the past a newcomer sees.
    pub history: History,
}

impl CreateConversation {
    /// Reads the body.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let title = fields.optional("title", |value| {
            Title::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        let kind = fields.optional("kind", |value| {
            let allowed =
                |name: &str| ConversationKind::parse(name).filter(|kind| *kind != ConversationKind::Direct);
            fields::name(allowed, value, "group, task, service, ats, support")
        });
        let history = fields.optional("history", |value| fields::name(History::parse, value, "all, joined"));
        let reference = fields.nested("ref", |reference| {
            let kind = reference.required("type", fields::text);
            let id = reference.required("id", fields::text);
            let (kind, id) = (kind?, id?);
            // Each part beside one that is valid, so that the pointer names the part which is not.
            for (name, part) in [("type", kind), ("id", id)] {
                if let Err(invalid) = Reference::parse(part, part) {
                    reference.refuse(name, invalid.to_string());
                }
            }
            Reference::parse(kind, id).ok()
        });
        let participants = participants(&mut fields);
        let kind = kind.unwrap_or(ConversationKind::Group);
        let history = history.unwrap_or_default();
        fields.finish(Some(Self { kind, title, participants, reference, history }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let kinds = ConversationKind::ALL.into_iter().filter(|kind| *kind != ConversationKind::Direct);
        let reference = Shape::object()
            .required("type", "The other system's type of thing.", Shape::printable(Reference::MAX_BYTES))
            .required("id", "The thing's id there.", Shape::printable(Reference::MAX_BYTES));
        Shape::object()
            .optional("title", "What people call it.", Shape::line(Title::MAX_CHARS))
            .optional("participant_ids", "The others; the creator is its owner.", participants_shape())
            .optional(
                "kind",
                "What sort of conversation it is.",
                Shape::name(kinds.map(ConversationKind::as_str)).or(ConversationKind::Group.as_str()),
            )
            .optional("ref", "What it is about in another system: one conversation at most.", reference)
            .optional(
                "history",
                "How much of the past a newcomer sees.",
                Shape::name(History::ALL.map(History::as_str)).or(History::All.as_str()),
            )
    }
}

/// Reads `participant_ids`: each user once.
pub(super) fn participants(fields: &mut Fields<'_>) -> Vec<UserId> {
    let mut participants: Vec<UserId> = fields.list("participant_ids", MAX_PARTICIPANT_IDS, fields::parsed);
    participants.sort();
    participants.dedup();
    participants
}

/// What [`participants`] takes.
pub(super) fn participants_shape() -> Shape {
    Shape::list(Shape::id::<UserId>(), MAX_PARTICIPANT_IDS)
}
