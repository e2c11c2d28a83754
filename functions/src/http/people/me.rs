//! `GET /api/messaging/me` → 200: how the caller appears to others.

use async_trait::async_trait;
use parlance_application::people::find::FindPerson;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::user::User;

/// Shows people themselves.
pub struct MeRead {
    find: FindPerson,
}

impl MeRead {
    /// Finds them by this use case.
    pub const fn new(find: FindPerson) -> Self {
        Self { find }
    }
}

#[async_trait]
impl HttpRoute for MeRead {
    fn key(&self) -> &'static str {
        "GET /api/messaging/me"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let user = request.caller.user;
        let person = self.find.execute(&user).await?.unwrap_or_default();
        Ok(Reply::ok(&User::of(user, &person))?.with_etag_of_body())
    }
}
