//! `GET /api/messaging/conversations/{id}/log/`: the entries after a position, in order, as events.

use parlance_domain::head::Seq;

use super::list_conversations::{LIMIT, limit, limit_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Which stretch of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLog {
    /// The entries behind this one; `None` from the very first.
    pub after: Option<Seq>,
    /// At most so many.
    pub limit: u64,
}

impl ReadLog {
    /// Reads the query.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let after = fields.optional("after", fields::number_in_query).unwrap_or_default();
        let limit = limit(&mut fields);
        fields.finish(Some(Self { after: Seq::new(after.min(Seq::MAX.get())), limit }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .optional(
                "after",
                "The entries behind this one; from the very first without it.",
                Shape::number(0),
            )
            .optional("limit", LIMIT, limit_shape())
    }
}
