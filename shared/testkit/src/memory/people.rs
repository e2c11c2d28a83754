//! The memory twin of what is known of people.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use parlance_application::ports::{PortError, people::PeopleRepository};
use parlance_domain::{
    ids::UserId,
    profile::{Person, PersonChange, Profile, Standing},
};

/// People, in memory. Its clones know the same ones.
#[derive(Clone, Default)]
pub struct MemoryPeople {
    known: Arc<Mutex<BTreeMap<UserId, Person>>>,
}

#[async_trait]
impl PeopleRepository for MemoryPeople {
    async fn find(&self, user: &UserId) -> Result<Option<Person>, PortError> {
        Ok(self.known.lock().unwrap().get(user).cloned())
    }

    async fn greet(&self, user: &UserId, profile: &Profile) -> Result<Standing, PortError> {
        let mut known = self.known.lock().unwrap();
        let newcomer = || Person { profile: profile.clone(), standing: Standing::Active };
        Ok(known.entry(user.clone()).or_insert_with(newcomer).standing)
    }

    async fn change(&self, user: &UserId, change: &PersonChange) -> Result<Person, PortError> {
        let mut known = self.known.lock().unwrap();
        let person = known.remove(user).unwrap_or_default().changed(change);
        known.insert(user.clone(), person.clone());
        Ok(person)
    }
}
