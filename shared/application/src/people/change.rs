//! Changes how somebody appears, or whether he may come in; who may not any more falls silent at once.

use std::sync::Arc;

use parlance_domain::{
    event::Closing,
    ids::UserId,
    profile::{Person, PersonChange, Standing},
};

use crate::{
    delivery::broadcaster::Closer,
    ports::{PortError, connections::ConnectionDirectory, identity::Identity, people::PeopleRepository},
    sessions::service::Service,
};

/// Changes people.
#[derive(Clone)]
pub struct ChangePerson {
    people: Arc<dyn PeopleRepository>,
    registry: Arc<dyn ConnectionDirectory>,
    closer: Closer,
}

/// Whom a change is about, with the right to make it.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The caller himself: how he appears is his own affair, whether he may come in is not.
    Oneself(&'a Identity),
    /// Anybody, for a trusted back end.
    Anybody(&'a Service, &'a UserId),
}

impl ChangePerson {
    /// Changes over these ports. `registry` is the durable one: a socket that a cache has missed must close like any other.
    pub fn new(
        people: Arc<dyn PeopleRepository>,
        registry: Arc<dyn ConnectionDirectory>,
        closer: Closer,
    ) -> Self {
        Self { people, registry, closer }
    }

    /// Changes somebody. One who is deactivated has no open socket any more when this returns.
    ///
    /// The sockets are read after the change stands, and a socket looks at its user's standing after it was registered: whichever
    /// comes first, the other finds it.
    pub async fn execute(&self, subject: Subject<'_>, change: PersonChange) -> Result<Person, PortError> {
        let (user, change) = match subject {
            Subject::Oneself(caller) => (&caller.user, PersonChange { standing: None, ..change }),
            Subject::Anybody(_, user) => (user, change),
        };
        let person = self.people.change(user, &change).await?;
        if person.standing == Standing::Deactivated {
            let open = self.registry.of_users(std::slice::from_ref(user)).await?;
            self.closer.close_all(&open, Closing::Deactivated).await?;
        }
        Ok(person)
    }
}
