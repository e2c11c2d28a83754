//! A person on the wire.

use parlance_domain::{
    ids::UserId,
    profile::{DisplayName, Locale, Person, PictureUrl, Standing},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire_time::WireTime;

/// What is known of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// What he is called.
    #[serde(default)]
    pub name: Option<String>,
    /// Where his picture is.
    #[serde(default)]
    pub picture: Option<String>,
    /// In which language he is spoken to.
    #[serde(default)]
    pub locale: Option<String>,
    /// Whether he is refused everywhere.
    #[serde(default)]
    pub deactivated: bool,
}

/// Somebody whom the reader blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Whom.
    pub user_id: UserId,
    /// Since when.
    pub created_at: WireTime,
}

impl User {
    /// Somebody as he is known.
    pub fn of(id: UserId, person: &Person) -> Self {
        let profile = &person.profile;
        Self {
            id,
            name: profile.name.as_ref().map(DisplayName::as_str).map(str::to_owned),
            picture: profile.picture.as_ref().map(PictureUrl::as_str).map(str::to_owned),
            locale: profile.locale.as_ref().map(Locale::as_str).map(str::to_owned),
            deactivated: person.standing == Standing::Deactivated,
        }
    }
}
