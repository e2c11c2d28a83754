//! `POST /api/messaging/conversations/task/`: the one conversation of a task.

use parlance_domain::{
    conversation::{Reference, Title},
    ids::UserId,
};

use super::create_conversation::{participants, participants_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// The task, and who is to talk about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTask {
    /// The task, as a reference of type `task`.
    pub reference: Reference,
    /// What people call the conversation.
    pub title: Option<Title>,
    /// The others, each once.
    pub participants: Vec<UserId>,
}

impl CreateTask {
    /// The type of a task's reference.
    pub const REFERENCE_TYPE: &'static str = "task";

    /// Reads the body.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let reference = fields.required("task_id", |value| {
            let id = fields::text(value)?;
            Reference::parse(Self::REFERENCE_TYPE, id).map_err(|invalid| invalid.to_string())
        });
        let title = fields.optional("title", |value| {
            Title::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
        });
        let participants = participants(&mut fields);
        fields.finish(reference.map(|reference| Self { reference, title, participants }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .required("task_id", "The task's id in its own system.", Shape::printable(Reference::MAX_BYTES))
            .optional("title", "What people call the conversation.", Shape::line(Title::MAX_CHARS))
            .optional("participant_ids", "The others; the creator is its owner.", participants_shape())
    }
}
