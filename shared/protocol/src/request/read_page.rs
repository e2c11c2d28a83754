//! Pages that have nothing but a limit and a cursor, such as `GET /api/messaging/conversations/{id}/participants/`.

use super::list_conversations::{CURSOR, LIMIT, limit, limit_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPage {
    /// At most so many.
    pub limit: u64,
    /// From where on.
    pub cursor: Option<String>,
}

impl ReadPage {
    /// Reads the query.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let limit = limit(&mut fields);
        let cursor = fields.optional("cursor", fields::text).map(str::to_owned);
        fields.finish(Some(Self { limit, cursor }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object().optional("limit", LIMIT, limit_shape()).optional("cursor", CURSOR, Shape::any_text())
    }
}
