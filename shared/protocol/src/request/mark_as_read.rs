//! `message.read` and `POST /api/messaging/messages/mark_as_read/`: how far somebody has read.

use parlance_domain::{
    head::Seq,
    ids::{ConversationId, MessageId},
};

use super::conversation_in;
use crate::{
    fields::{self, Fields, Object},
    limits::MAX_MESSAGE_IDS,
    problem::Problem,
    spec::shape::Shape,
};

/// How far, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkAsRead {
    /// The conversation.
    pub conversation: ConversationId,
    /// Up to this entry; beyond the end of the log it means the end.
    pub up_to: Seq,
}

impl MarkAsRead {
    /// Reads the data: `up_to`, or `message_ids`, of which the highest counts and which name the conversation as well.
    pub fn parse(data: &Object, scope: Option<ConversationId>) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        let named = fields.optional("conversation_id", fields::text);
        let up_to = fields.optional("up_to", |value| {
            Ok(Seq::new(fields::number(value)?.clamp(1, Seq::MAX.get())).unwrap_or(Seq::MAX))
        });
        let ids: Vec<MessageId> = fields.list("message_ids", MAX_MESSAGE_IDS, fields::parsed);
        match (fields.has("up_to"), fields.has("message_ids")) {
            (false, false) => fields.refuse("up_to", "is required, or message_ids"),
            (true, true) => fields.refuse("message_ids", "only one of up_to, message_ids"),
            _ => {}
        }
        if fields.has("message_ids") && ids.is_empty() {
            fields.refuse("message_ids", "at least one message");
        }
        let is_named = named.is_some() || scope.is_some() || !ids.is_empty();
        if !is_named && !fields.has("message_ids") {
            fields.refuse("conversation_id", "is required");
        }
        fields.finish(Some(()))?;
        let conversation = match (named, ids.first()) {
            (None, Some(first)) if scope.is_none() => first.conversation,
            _ => conversation_in(named, scope)?,
        };
        if let Some(place) = ids.iter().position(|id| id.conversation != conversation) {
            let pointer = format!("/message_ids/{place}");
            return Err(Problem::invalid(pointer, "must be a message of the same conversation"));
        }
        let highest = ids.iter().map(|id| id.seq).max();
        let up_to = up_to.or(highest).ok_or_else(|| Problem::invalid("/up_to", "is required"))?;
        Ok(Self { conversation, up_to })
    }

    /// What [`Self::parse`] takes: `up_to` with the conversation, or `message_ids`, which name it as well.
    pub fn shape() -> Shape {
        Shape::object()
            .optional("conversation_id", "The conversation.", Shape::any_text())
            .optional(
                "up_to",
                "Up to this entry; beyond the end of the log it means the end.",
                Shape::number(0),
            )
            .optional(
                "message_ids",
                "The messages that were read, of which the highest counts; without `up_to`.",
                Shape::list(Shape::id::<MessageId>(), MAX_MESSAGE_IDS).not_empty(),
            )
            .either(&[&["conversation_id", "up_to"], &["message_ids"]])
    }
}
