//! Tickets in DynamoDB, by the hash of their secret: whoever can read the table can redeem nothing.

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use parlance_application::ports::{
    PortError,
    identity::{Identity, ProfileClaims, TicketRepository},
};
use parlance_domain::{
    ids::{TicketId, UserId},
    time::Timestamp,
};
use sha2::{Digest, Sha256};

use super::{
    attributes::{
        EXPIRES_AT, Item, ItemBuilder, MalformedItem, need_text, need_time, number_value, text, text_value,
        time_value,
    },
    keys::{self, Key},
    table::Table,
};

const USER: &str = "user";
const VALID_UNTIL: &str = "valid_until";
const TOKEN_EXPIRES_AT: &str = "token_expires_at";
const SERVICE: &str = "service";
const ADMIN: &str = "admin";
const NAME: &str = "name";
const PICTURE: &str = "picture";
const LOCALE: &str = "locale";

/// Keeps tickets in the table `connections`.
#[derive(Debug, Clone)]
pub struct DynamoTickets {
    table: Table,
}

impl DynamoTickets {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl TicketRepository for DynamoTickets {
    async fn issue(
        &self,
        ticket: TicketId,
        identity: &Identity,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<(), PortError> {
        let valid_until = now.plus(lifetime);
        let profile = &identity.profile;
        let some_text = |value: &Option<String>| value.as_ref().map(text_value);
        let item = ItemBuilder::new(key_of(ticket))
            .with(USER, text_value(identity.user.as_str()))
            .with(VALID_UNTIL, time_value(valid_until))
            .with(TOKEN_EXPIRES_AT, time_value(identity.expires_at))
            .with_some(SERVICE, identity.is_service.then(|| number_value(1)))
            .with_some(ADMIN, identity.is_admin.then(|| number_value(1)))
            .with_some(NAME, some_text(&profile.name))
            .with_some(PICTURE, some_text(&profile.picture))
            .with_some(LOCALE, some_text(&profile.locale))
            .with(EXPIRES_AT, number_value(valid_until.as_secs() + 1))
            .build();
        self.table.put(item, None).await.map(drop)
    }

    async fn redeem(&self, ticket: TicketId, now: Timestamp) -> Result<Option<Identity>, PortError> {
        let Some(item) = self.table.take(key_of(ticket)).await? else { return Ok(None) };
        let malformed = |error| PortError::new(self.table.port(), error);
        if now >= need_time(&item, VALID_UNTIL).map_err(malformed)? {
            return Ok(None);
        }
        identity_of(&item).map(Some).map_err(malformed)
    }
}

fn key_of(ticket: TicketId) -> Key {
    keys::ticket(&BASE64URL_NOPAD.encode(&Sha256::digest(ticket.as_bytes())))
}

fn identity_of(item: &Item) -> Result<Identity, MalformedItem> {
    let some_text = |name| text(item, name).map(str::to_owned);
    Ok(Identity {
        user: UserId::parse(need_text(item, USER)?).map_err(|_| MalformedItem { attribute: USER })?,
        expires_at: need_time(item, TOKEN_EXPIRES_AT)?,
        is_service: item.contains_key(SERVICE),
        is_admin: item.contains_key(ADMIN),
        profile: ProfileClaims {
            name: some_text(NAME),
            picture: some_text(PICTURE),
            locale: some_text(LOCALE),
        },
    })
}
