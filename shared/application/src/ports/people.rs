//! What is known of people beside their conversations: how they appear, and whether they may come in.

use async_trait::async_trait;
use parlance_domain::{
    ids::UserId,
    profile::{Person, PersonChange, Profile, Standing},
};

use super::PortError;

/// Keeps people. The table is the truth; a cache in front of it may serve [`PeopleRepository::greet`].
#[async_trait]
pub trait PeopleRepository: Send + Sync {
    /// What is known of somebody, read strongly; `None` of one who was never seen and never set.
    async fn find(&self, user: &UserId) -> Result<Option<Person>, PortError>;

    /// Whether somebody may come in. The first time that he is seen, his profile begins with what his token says.
    ///
    /// Whoever asks after a change was answered hears of it; a cache that lost the change may say otherwise for a minute.
    async fn greet(&self, user: &UserId, profile: &Profile) -> Result<Standing, PortError>;

    /// Changes what is known of somebody, whether he was seen before or not, and answers what stands then. Two changes at once are one
    /// after the other.
    async fn change(&self, user: &UserId, change: &PersonChange) -> Result<Person, PortError>;
}
