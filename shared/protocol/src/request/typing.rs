//! `typing.start` and `typing.stop`: somebody types in a conversation, or types no more.
//!
//! Neither is answered. A client repeats `typing.start` every three seconds or so while its user types. On `typing.indicator` it replaces
//! the set that it had. On `message.created` it drops the sender from the set, and passes over him in later sets until his `expires_at` has
//! grown; so nobody need send `typing.stop` along with a message.

use parlance_domain::ids::ConversationId;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typing {
    /// The conversation.
    pub conversation: ConversationId,
}

impl Typing {
    /// Reads the data. On a socket for one conversation (`scope`) the conversation may be left out, and no other can be named.
    pub fn parse(data: &Object, scope: Option<ConversationId>) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let named = match scope {
            Some(_) => fields.optional("conversation_id", fields::text),
            None => fields.required("conversation_id", fields::text),
        };
        fields.finish(Some(()))?;
        let conversation = match named {
            Some(named) => {
                Some(fields::path_id(named)?).filter(|named| scope.is_none_or(|scope| scope == *named))
            }
            None => scope,
        };
        Ok(Self { conversation: conversation.ok_or_else(Problem::not_found)? })
    }

    /// What [`Self::parse`] takes. A conversation that cannot exist is not there, so its id is any text here.
    pub fn shape() -> Shape {
        Shape::object().required(
            "conversation_id",
            "The conversation. On a socket of one conversation it may be left out.",
            Shape::any_text(),
        )
    }
}
