//! By when somebody has to look whether each user is still there: sorted sets over all users, a few of them so that no key is too hot.

use async_trait::async_trait;
use parlance_application::ports::presence::Departures;
use parlance_domain::{ids::UserId, time::Timestamp};
use redis::{Pipeline, pipe};

use super::{
    keys::{DEPARTURE_KEYS, DEPARTURES_SECONDS},
    link::RedisLink,
};

/// How many users of each key one look at those who are overdue answers.
const PER_KEY: usize = 50;

/// Remembers departures in Redis.
#[derive(Debug, Clone)]
pub struct RedisDepartures {
    link: RedisLink,
}

impl RedisDepartures {
    /// Remembers over this link.
    pub const fn new(link: RedisLink) -> Self {
        Self { link }
    }

    async fn add(&self, user: &UserId, options: &[&str], at: Timestamp) {
        let mut commands = pipe();
        let key = self.link.keys().departures(user);
        add(&mut commands, &key, options, user, at);
        let _: Option<()> = self.link.run(&commands).await;
    }
}

/// Adds the commands that move a user's time, as far as `options` allow it.
pub(super) fn add(commands: &mut Pipeline, key: &str, options: &[&str], user: &UserId, at: Timestamp) {
    commands.cmd("ZADD").arg(key).arg(options).arg(at.as_millis()).arg(user.as_str()).ignore();
    commands.cmd("EXPIRE").arg(key).arg(DEPARTURES_SECONDS).ignore();
}

#[async_trait]
impl Departures for RedisDepartures {
    async fn expect(&self, user: &UserId, until: Timestamp) {
        self.add(user, &["GT"], until).await;
    }

    async fn leave(&self, user: &UserId, at: Timestamp) {
        self.add(user, &[], at).await;
    }

    async fn forget(&self, user: &UserId) {
        let mut commands = pipe();
        commands.cmd("ZREM").arg(self.link.keys().departures(user)).arg(user.as_str()).ignore();
        let _: Option<()> = self.link.run(&commands).await;
    }

    async fn of(&self, user: &UserId) -> Option<Timestamp> {
        let mut commands = pipe();
        commands.cmd("ZSCORE").arg(self.link.keys().departures(user)).arg(user.as_str());
        let (at,): (Option<u64>,) = self.link.run(&commands).await?;
        at.map(Timestamp::from_millis)
    }

    async fn overdue(&self, before: Timestamp) -> Vec<(UserId, Timestamp)> {
        let mut commands = pipe();
        for number in 0..DEPARTURE_KEYS {
            commands
                .cmd("ZRANGEBYSCORE")
                .arg(self.link.keys().departures_of(number))
                .arg("-inf")
                .arg(format!("({}", before.as_millis()))
                .arg("WITHSCORES")
                .arg("LIMIT")
                .arg(0)
                .arg(PER_KEY);
        }
        let found: Option<Vec<Vec<(String, u64)>>> = self.link.run(&commands).await;
        let found = found.into_iter().flatten().flatten();
        found
            .filter_map(|(user, at)| Some((UserId::parse(&user).ok()?, Timestamp::from_millis(at))))
            .collect()
    }
}
