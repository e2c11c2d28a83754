//! Who comes, who goes, and as what: `add_participant/`, `remove_participant/`, `participants/{user_id}/`.

use parlance_domain::{ids::UserId, permissions::Role};
use serde_json::Value;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Somebody who is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddParticipant {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

impl AddParticipant {
    /// Reads `{user_id, role}`; without a role he comes as a member.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        let user = fields.required("user_id", fields::parsed);
        let role = fields.optional("role", role).unwrap_or(Role::Member);
        fields.finish(user.map(|user| Self { user, role }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        Shape::object().required("user_id", "Who is to come.", Shape::id::<UserId>()).optional(
            "role",
            "As what.",
            role_shape().or(Role::Member.as_str()),
        )
    }
}

/// Reads who is to go: `{user_id}`.
pub fn removed_user(body: &Object) -> Result<UserId, Problem> {
    let mut fields = Fields::of(body);
    let user = fields.required("user_id", fields::parsed);
    fields.finish(user)
}

/// What [`removed_user`] takes.
pub fn removed_user_shape() -> Shape {
    Shape::object().required("user_id", "Who is to go.", Shape::id::<UserId>())
}

/// Reads somebody's new role: `{role}`.
pub fn new_role(body: &Object) -> Result<Role, Problem> {
    let mut fields = Fields::of(body);
    let role = fields.required("role", role);
    fields.finish(role)
}

/// What [`new_role`] takes.
pub fn new_role_shape() -> Shape {
    Shape::object().required("role", "The role from now on.", role_shape())
}

fn role_shape() -> Shape {
    Shape::name(Role::ALL.map(Role::as_str))
}

fn role(value: &Value) -> Result<Role, String> {
    fields::name(Role::parse, value, "guest, member, admin, owner")
}
