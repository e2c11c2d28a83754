//! `PATCH /api/messaging/me` → 200: the caller appears otherwise from now on.

use async_trait::async_trait;
use parlance_application::people::change::{ChangePerson, Subject};
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{request::change_person, user::User};

/// Lets people change how they appear.
pub struct MeChange {
    change: ChangePerson,
}

impl MeChange {
    /// Changes by this use case.
    pub const fn new(change: ChangePerson) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for MeChange {
    fn key(&self) -> &'static str {
        "PATCH /api/messaging/me"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let change = change_person::own(&request.parts.json()?)?;
        let person = self.change.execute(Subject::Oneself(&request.caller), change).await?;
        Reply::ok(&User::of(request.caller.user, &person))
    }
}
