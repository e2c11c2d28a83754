//! People in DynamoDB: one item each, changed only from the version that was read.

use async_trait::async_trait;
use parlance_application::ports::{PortError, people::PeopleRepository};
use parlance_domain::{
    ids::UserId,
    profile::{DisplayName, Locale, Person, PersonChange, PictureUrl, Profile, Standing},
};

use super::{
    attributes::{Item, ItemBuilder, number, number_value, text, text_value},
    keys,
    retry::{ATTEMPTS, pause},
    table::{Expression, Table, Written},
};
use crate::aws::failure::failed_because;

const NAME: &str = "name";
const PICTURE: &str = "picture";
const LOCALE: &str = "locale";
const DEACTIVATED: &str = "deactivated";
/// How often the item was written.
const VERSION: &str = "version";

/// Keeps people in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoPeople {
    table: Table,
}

impl DynamoPeople {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    async fn read(&self, user: &UserId) -> Result<Option<Item>, PortError> {
        self.table.get(keys::profile(user), true).await
    }
}

#[async_trait]
impl PeopleRepository for DynamoPeople {
    async fn find(&self, user: &UserId) -> Result<Option<Person>, PortError> {
        Ok(self.read(user).await?.as_ref().map(person_of))
    }

    async fn greet(&self, user: &UserId, profile: &Profile) -> Result<Standing, PortError> {
        if let Some(item) = self.read(user).await? {
            return Ok(person_of(&item).standing);
        }
        let newcomer = Person { profile: profile.clone(), standing: Standing::Active };
        match self.table.put(item(user, &newcomer, 1), Some(Expression::absent())).await? {
            Written::Done => Ok(Standing::Active),
            Written::Refused(_) | Written::Contended => {
                Ok(self.find(user).await?.unwrap_or_default().standing)
            }
        }
    }

    async fn change(&self, user: &UserId, change: &PersonChange) -> Result<Person, PortError> {
        for failures in 0..ATTEMPTS {
            pause(failures).await;
            let standing = self.read(user).await?;
            let (version, condition) = match &standing {
                None => (0, Expression::absent()),
                Some(item) => {
                    let version = number(item, VERSION).unwrap_or_default();
                    (version, is_version(version))
                }
            };
            let person = standing.as_ref().map(person_of).unwrap_or_default().changed(change);
            if let Written::Done = self.table.put(item(user, &person, version + 1), Some(condition)).await? {
                return Ok(person);
            }
        }
        Err(failed_because(self.table.port(), "PutItem", "other changes stayed in the way"))
    }
}

fn is_version(version: u64) -> Expression {
    Expression {
        text: "#version = :was",
        names: vec![("#version", VERSION)],
        values: vec![(":was", number_value(version))],
    }
}

fn item(user: &UserId, person: &Person, version: u64) -> Item {
    let Profile { name, picture, locale } = &person.profile;
    let is_deactivated = person.standing == Standing::Deactivated;
    ItemBuilder::new(keys::profile(user))
        .with_some(NAME, name.as_ref().map(|name| text_value(name.as_str())))
        .with_some(PICTURE, picture.as_ref().map(|picture| text_value(picture.as_str())))
        .with_some(LOCALE, locale.as_ref().map(|locale| text_value(locale.as_str())))
        .with_some(DEACTIVATED, is_deactivated.then(|| number_value(1)))
        .with(VERSION, number_value(version))
        .build()
}

fn person_of(item: &Item) -> Person {
    let standing = if item.contains_key(DEACTIVATED) { Standing::Deactivated } else { Standing::Active };
    Person {
        profile: Profile {
            name: text(item, NAME).map(DisplayName::from_stored),
            picture: text(item, PICTURE).map(PictureUrl::from_stored),
            locale: text(item, LOCALE).map(Locale::from_stored),
        },
        standing,
    }
}
