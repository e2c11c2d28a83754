//! `presence.watch`: whose presence a socket wants to be told of. It replaces what the socket watched before.

use parlance_domain::ids::UserId;

use crate::{
    fields::{self, Fields, Object},
    limits::MAX_WATCHED_USERS,
    problem::Problem,
    spec::shape::Shape,
};

/// Whom a socket watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchPresence {
    /// The users; those who share no conversation with the caller are passed over.
    pub user_ids: Vec<UserId>,
}

impl WatchPresence {
    /// Reads the data. An empty list watches nobody.
    pub fn parse(data: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(data);
        if !fields.has("user_ids") {
            fields.refuse("user_ids", "is required");
        }
        let user_ids = fields.list("user_ids", MAX_WATCHED_USERS, fields::parsed);
        fields.finish(Some(Self { user_ids }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object().required(
            "user_ids",
            "The users; those who share no conversation with the user are passed over.",
            Shape::list(Shape::id::<UserId>(), MAX_WATCHED_USERS),
        )
    }
}
