//! Mutes and archives conversations, each member for himself.

use std::sync::Arc;

use parlance_domain::ids::{ConversationId, UserId};

use crate::ports::{
    PortError,
    conversations::{MembershipSetting, MembershipSettings},
};

/// Switches what members decide for themselves.
#[derive(Clone)]
pub struct SwitchSetting {
    settings: Arc<dyn MembershipSettings>,
}

/// Why nothing was switched.
#[derive(Debug, thiserror::Error)]
pub enum SwitchSettingError {
    /// There is no such conversation for this user.
    #[error("no such conversation")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl SwitchSetting {
    /// Takes the port.
    pub fn new(settings: Arc<dyn MembershipSettings>) -> Self {
        Self { settings }
    }

    /// Switches a setting; one that is so already stays so.
    pub async fn execute(
        &self,
        user: &UserId,
        conversation: ConversationId,
        setting: MembershipSetting,
        is_on: bool,
    ) -> Result<(), SwitchSettingError> {
        let is_member = self.settings.switch(user, conversation, setting, is_on).await?;
        if is_member { Ok(()) } else { Err(SwitchSettingError::NotFound) }
    }
}
