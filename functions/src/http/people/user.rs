//! `GET /api/messaging/users/{id}` → 200: what is known of somebody, for trusted back ends.

use async_trait::async_trait;
use parlance_application::{people::find::FindPerson, sessions::service::Service};
use parlance_domain::ids::UserId;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{problem::Problem, user::User};

/// Shows people to back ends.
pub struct UserRead {
    find: FindPerson,
}

impl UserRead {
    /// Finds them by this use case.
    pub const fn new(find: FindPerson) -> Self {
        Self { find }
    }
}

#[async_trait]
impl HttpRoute for UserRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/users/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        Service::try_from(&request.caller)?;
        let user: UserId = request.parts.path_id("id")?;
        let person = self.find.execute(&user).await?.ok_or_else(Problem::not_found)?;
        Ok(Reply::ok(&User::of(user, &person))?.with_etag_of_body())
    }
}
