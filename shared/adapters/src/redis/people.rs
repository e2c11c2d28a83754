//! Who may come in, remembered in Redis in front of the table, so that a request need not read it there.
//!
//! A reader only fills a key that is not there, and a change overwrites it after the table has it: a reader who read before the change
//! cannot bury it. A change that Redis missed is noticed when the key expires.

use std::sync::Arc;

use async_trait::async_trait;
use parlance_application::ports::{PortError, people::PeopleRepository};
use parlance_domain::{
    ids::UserId,
    profile::{Person, PersonChange, Profile, Standing},
};
use redis::pipe;

use super::{keys::STANDING_SECONDS, link::RedisLink};

const ACTIVE: &[u8] = b"active";
const DEACTIVATED: &[u8] = b"deactivated";

/// Knows from Redis who may come in, where it can.
#[derive(Clone)]
pub struct CachedPeople {
    durable: Arc<dyn PeopleRepository>,
    link: RedisLink,
}

impl CachedPeople {
    /// Puts Redis in front of `durable`.
    pub fn new(durable: Arc<dyn PeopleRepository>, link: RedisLink) -> Self {
        Self { durable, link }
    }

    async fn remembered(&self, user: &UserId) -> Option<Standing> {
        let mut commands = pipe();
        commands.cmd("GET").arg(self.link.keys().standing(user));
        let (known,): (Option<Vec<u8>>,) = self.link.run(&commands).await?;
        match known?.as_slice() {
            ACTIVE => Some(Standing::Active),
            DEACTIVATED => Some(Standing::Deactivated),
            _ => None,
        }
    }

    async fn remember(&self, user: &UserId, standing: Standing, is_change: bool) {
        let mut commands = pipe();
        let value = match standing {
            Standing::Active => ACTIVE,
            Standing::Deactivated => DEACTIVATED,
        };
        let command = commands.cmd("SET").arg(self.link.keys().standing(user)).arg(value);
        command.arg("EX").arg(STANDING_SECONDS);
        if !is_change {
            command.arg("NX");
        }
        command.ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }
}

#[async_trait]
impl PeopleRepository for CachedPeople {
    async fn find(&self, user: &UserId) -> Result<Option<Person>, PortError> {
        self.durable.find(user).await
    }

    async fn greet(&self, user: &UserId, profile: &Profile) -> Result<Standing, PortError> {
        if let Some(standing) = self.remembered(user).await {
            return Ok(standing);
        }
        let standing = self.durable.greet(user, profile).await?;
        self.remember(user, standing, false).await;
        Ok(standing)
    }

    async fn change(&self, user: &UserId, change: &PersonChange) -> Result<Person, PortError> {
        let person = self.durable.change(user, change).await?;
        if change.standing.is_some() {
            self.remember(user, person.standing, true).await;
        }
        Ok(person)
    }
}
