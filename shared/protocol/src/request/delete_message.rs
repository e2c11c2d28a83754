//! `message.delete`: a message is to go.

use parlance_domain::ids::{ConversationId, MessageId};

use super::message_in;
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteMessage {
    /// Its id.
    pub message_id: MessageId,
}

impl DeleteMessage {
    /// Reads the data of a frame.
    pub fn parse(data: &Object, scope: Option<ConversationId>) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let named = fields.required("message_id", fields::text);
        let named = fields.finish(named)?;
        Ok(Self { message_id: message_in(named, scope)? })
    }

    /// What [`Self::parse`] takes. A message that cannot exist is not there, so its id is any text here.
    pub fn shape() -> Shape {
        Shape::object().required("message_id", "The message.", Shape::any_text())
    }
}
