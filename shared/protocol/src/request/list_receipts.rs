//! `GET /api/messaging/conversations/{id}/receipts/`: who has read how far.

use parlance_domain::{head::Seq, ids::MessageId};

use super::list_conversations::{CURSOR, LIMIT, limit, limit_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Whose receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListReceipts {
    /// Of whom.
    pub readers: Readers,
    /// At most so many.
    pub limit: u64,
    /// From where on.
    pub cursor: Option<String>,
}

/// Of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Of everybody.
    All,
    /// Of those who have read up to this entry.
    UpTo(Seq),
    /// Of those who have seen this message.
    Of(MessageId),
}

impl ListReceipts {
    /// Reads the query: at most one of `message_id` and `up_to`.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let message = fields.optional("message_id", fields::text);
        let up_to = fields.optional("up_to", |value| {
            Ok(Seq::new(fields::number_in_query(value)?.clamp(1, Seq::MAX.get())).unwrap_or(Seq::MAX))
        });
        if fields.has("message_id") && fields.has("up_to") {
            fields.refuse("up_to", "only one of message_id, up_to");
        }
        let limit = limit(&mut fields);
        let cursor = fields.optional("cursor", fields::text).map(str::to_owned);
        fields.finish(Some(()))?;
        let readers = match (message, up_to) {
            (Some(message), _) => Readers::Of(fields::path_id(message)?),
            (None, Some(seq)) => Readers::UpTo(seq),
            (None, None) => Readers::All,
        };
        Ok(Self { readers, limit, cursor })
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .optional(
                "message_id",
                "Only those who have seen this message; without `up_to`.",
                Shape::id::<MessageId>(),
            )
            .optional("up_to", "Only those who have read up to this entry.", Shape::number(0))
            .optional("limit", LIMIT, limit_shape())
            .optional("cursor", CURSOR, Shape::any_text())
    }
}
