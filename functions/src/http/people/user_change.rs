//! `PUT /api/messaging/users/{id}` → 200: a trusted back end says how somebody appears, and whether he may come in.

use async_trait::async_trait;
use parlance_application::{
    people::change::{ChangePerson, Subject},
    sessions::service::Service,
};
use parlance_domain::ids::UserId;
use parlance_edge::{
    Refusal,
    http::{HttpRoute, Reply, Request},
};
use parlance_protocol::{request::change_person, user::User};

/// Lets back ends change people.
pub struct UserChange {
    change: ChangePerson,
}

impl UserChange {
    /// Changes by this use case.
    pub const fn new(change: ChangePerson) -> Self {
        Self { change }
    }
}

#[async_trait]
impl HttpRoute for UserChange {
    fn key(&self) -> &'static str {
        "PUT /api/messaging/users/{id}"
    }

    async fn handle(&self, request: Request) -> Result<Reply, Refusal> {
        let service = Service::try_from(&request.caller)?;
        let user: UserId = request.parts.path_id("id")?;
        let change = change_person::anybodys(&request.parts.json()?)?;
        let person = self.change.execute(Subject::Anybody(&service, &user), change).await?;
        Reply::ok(&User::of(user, &person))
    }
}
