//! `GET /api/messaging/conversations/{id}/messages/`: the messages of a conversation, newest first.

use parlance_domain::head::Seq;

use super::list_conversations::{CURSOR, LIMIT, limit, limit_shape};
use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Which messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMessages {
    /// Where the page lies.
    pub place: Place,
    /// At most so many.
    pub limit: u64,
}

/// Where a page of messages lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At the newest.
    Newest,
    /// Where a cursor of an earlier page says.
    Cursor(String),
    /// Directly before this position.
    Before(Seq),
    /// Directly after this position; `None` from the very first.
    After(Option<Seq>),
    /// Around this position.
    Around(Seq),
}

impl ReadMessages {
    /// Reads the query: at most one of `cursor`, `before`, `after`, `around`.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let named: Vec<_> =
            ["cursor", "before", "after", "around"].into_iter().filter(|name| fields.has(name)).collect();
        for name in named.iter().skip(1) {
            fields.refuse(name, "only one of cursor, before, after, around");
        }
        let place = match named.first().copied() {
            Some("cursor") => {
                fields.optional("cursor", fields::text).map(|text| Place::Cursor(text.to_owned()))
            }
            Some("before") => position(&mut fields, "before").map(Place::Before),
            Some("around") => position(&mut fields, "around").map(Place::Around),
            Some("after") => fields
                .optional("after", fields::number_in_query)
                .map(|after| Place::After(Seq::new(after.min(Seq::MAX.get())))),
            _ => Some(Place::Newest),
        };
        let limit = limit(&mut fields);
        fields.finish(place.map(|place| Self { place, limit }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object()
            .optional("cursor", CURSOR, Shape::any_text())
            .optional("before", "Those directly before this position; without a cursor.", Shape::number(1))
            .optional("after", "Those directly after this position; without the others.", Shape::number(0))
            .optional("around", "Those around this position; without the others.", Shape::number(1))
            .optional("limit", LIMIT, limit_shape())
    }
}

fn position(fields: &mut Fields<'_>, name: &str) -> Option<Seq> {
    fields.optional(name, |value| {
        let position = fields::number_in_query(value)?.min(Seq::MAX.get());
        Seq::new(position).ok_or_else(|| "must be 1 or more".to_owned())
    })
}
