//! The proof that a caller is a trusted back end.

use parlance_domain::ids::UserId;

use crate::ports::identity::Identity;

/// A caller whose token carries the scope `messaging:service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service(UserId);

/// The caller's token does not carry the scope `messaging:service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token needs the scope messaging:service")]
pub struct NotAService;

impl Service {
    /// Its id, as its token has it.
    pub const fn id(&self) -> &UserId {
        &self.0
    }
}

impl TryFrom<&Identity> for Service {
    type Error = NotAService;

    fn try_from(identity: &Identity) -> Result<Self, NotAService> {
        if identity.is_service { Ok(Self(identity.user.clone())) } else { Err(NotAService) }
    }
}
