//! Letting a caller in: who he is, and whether he may still come.

use std::sync::Arc;

use parlance_domain::profile::{Profile, Standing};

use super::authenticate::{Authenticate, AuthenticateError, Credential};
use crate::ports::{
    PortError,
    identity::{Identity, ProfileClaims},
    people::PeopleRepository,
};

/// Lets callers in.
#[derive(Clone)]
pub struct AdmitCaller {
    authenticate: Authenticate,
    people: Arc<dyn PeopleRepository>,
}

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmitCallerError {
    /// Nobody is recognised by what he shows.
    #[error(transparent)]
    Unknown(#[from] AuthenticateError),
    /// He is known, and deactivated.
    #[error("the user is deactivated")]
    Deactivated,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl AdmitCaller {
    /// Takes the use case that recognises callers, and the port that knows them.
    pub fn new(authenticate: Authenticate, people: Arc<dyn PeopleRepository>) -> Self {
        Self { authenticate, people }
    }

    /// The identity behind the credential. The first time that somebody is seen, his profile begins with what his token says.
    pub async fn execute(&self, credential: Credential<'_>) -> Result<Identity, AdmitCallerError> {
        let identity = self.authenticate.execute(credential).await?;
        match self.people.greet(&identity.user, &claimed(&identity.profile)).await? {
            Standing::Active => Ok(identity),
            Standing::Deactivated => Err(AdmitCallerError::Deactivated),
        }
    }
}

/// The profile that a token claims.
pub fn claimed(claims: &ProfileClaims) -> Profile {
    Profile::of_texts(claims.name.as_deref(), claims.picture.as_deref(), claims.locale.as_deref())
}
