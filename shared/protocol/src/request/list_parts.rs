//! `GET /api/messaging/attachments/{id}/parts/`: which parts of a large file are there.

use parlance_domain::attachment::PartPlan;

use super::list_conversations::{LIMIT, limit, limit_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Which of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListParts {
    /// Those behind the one of this number; 0 for all.
    pub after: u32,
    /// At most so many.
    pub limit: u32,
}

impl ListParts {
    /// Reads the query.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let after = fields.optional("after", fields::number_in_query).unwrap_or_default();
        let limit = limit(&mut fields);
        let number = |value: u64| u32::try_from(value.min(PartPlan::MAX_PARTS)).unwrap_or(u32::MAX);
        fields.finish(Some(Self { after: number(after), limit: number(limit) }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .optional("after", "The parts behind the one of this number; all without it.", Shape::number(0))
            .optional("limit", LIMIT, limit_shape())
    }
}
