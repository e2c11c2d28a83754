//! `GET /api/messaging/presence/?ids=`: how others are.

use parlance_domain::ids::UserId;

use crate::{
    fields::{self, Fields, Object},
    limits::MAX_WATCHED_USERS,
    problem::Problem,
    spec::shape::Shape,
};

/// Whose presence is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPresence {
    /// The users; those who share no conversation with the caller are passed over.
    pub ids: Vec<UserId>,
}

impl ReadPresence {
    /// Reads the query: ids with commas between them.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let ids = fields.required("ids", |value| {
            let ids: Vec<&str> = fields::text(value)?.split(',').collect();
            if ids.len() > MAX_WATCHED_USERS {
                return Err(format!("at most {MAX_WATCHED_USERS} ids"));
            }
            let ids = ids.iter().map(|id| UserId::parse(id));
            ids.collect::<Result<_, _>>()
                .map_err(|invalid| format!("must be ids with commas between them, each {invalid}"))
        });
        fields.finish(ids.map(|ids| Self { ids }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let ids = Shape::any_text()
            .matching(r"^[^,\u0000-\u001f\u007f-\u009f]+(,[^,\u0000-\u001f\u007f-\u009f]+)*$");
        Shape::object().required(
            "ids",
            "The ids of at most 200 users with commas between them; those who share no conversation with the user are passed over.",
            ids,
        )
    }
}
