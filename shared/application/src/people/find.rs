//! Finding out how somebody appears.

use std::sync::Arc;

use parlance_domain::{ids::UserId, profile::Person};

use crate::ports::{PortError, people::PeopleRepository};

/// Finds people.
#[derive(Clone)]
pub struct FindPerson {
    people: Arc<dyn PeopleRepository>,
}

impl FindPerson {
    /// Takes the port.
    pub fn new(people: Arc<dyn PeopleRepository>) -> Self {
        Self { people }
    }

    /// What is known of somebody; `None` of one who was never seen.
    pub async fn execute(&self, user: &UserId) -> Result<Option<Person>, PortError> {
        self.people.find(user).await
    }
}
