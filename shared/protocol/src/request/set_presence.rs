//! `presence.set`: how somebody wants to be seen. It replaces what he said before, and holds until he says something else.

use parlance_domain::presence::{ChosenStatus, PresenceChoice, StatusText};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::{schemas::names, shape::Shape},
};

/// How somebody wants to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPresence {
    /// The whole of it.
    pub choice: PresenceChoice,
}

/// What was kept: the data of the ack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresenceSet {
    /// `online`, `away`, `busy` or `invisible`.
    #[schemars(schema_with = "statuses")]
    pub status: String,
    /// What he says of it.
    pub text: Option<String>,
}

impl SetPresence {
    /// Reads the data.
    pub fn parse(data: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let status = fields.required("status", |value| {
            fields::name(ChosenStatus::parse, value, "online, away, busy, invisible")
        });
        let text = fields.optional("text", |value| {
            StatusText::parse(fields::text(value)?).map_err(|invalid| format!("must be {invalid}"))
        });
        fields.finish(status.map(|status| Self { choice: PresenceChoice { status, text } }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .required(
                "status",
                "As what the user wants to be seen while he is there.",
                Shape::name(ChosenStatus::ALL.map(ChosenStatus::as_str)),
            )
            .optional("text", "What he says of it.", Shape::line(StatusText::MAX_CHARS))
    }
}

impl From<&PresenceChoice> for PresenceSet {
    fn from(choice: &PresenceChoice) -> Self {
        Self {
            status: choice.status.as_str().to_owned(),
            text: choice.text.as_ref().map(|text| text.as_str().to_owned()),
        }
    }
}

fn statuses(_: &mut SchemaGenerator) -> Schema {
    names(ChosenStatus::ALL.map(ChosenStatus::as_str))
}
