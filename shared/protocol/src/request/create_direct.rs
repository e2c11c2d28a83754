//! `POST /api/messaging/conversations/direct/`: the one conversation of two people.

use parlance_domain::ids::UserId;
use serde::Serialize;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Whom to talk with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreateDirect {
    /// The other one.
    pub user_id: UserId,
}

impl CreateDirect {
    /// Reads the body.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let user = fields.required("user_id", fields::parsed);
        fields.finish(user.map(|user_id| Self { user_id }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object().required(
            "user_id",
            "The other one; nobody talks with himself.",
            Shape::id::<UserId>(),
        )
    }
}
