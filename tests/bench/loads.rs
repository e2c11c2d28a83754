//! The loads: who talks to whom, and how much.

mod cold;
mod files;
mod history;
mod inbox;
mod presence;
mod reading;
mod reconnect;
mod sockets;
mod typing;

use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::{
    Failure,
    cloud::Cloud,
    people::{groups, large_group},
    processes::resident_megabytes,
    report::{Figures, note},
    traffic::{Stage, Traffic},
};

/// One load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Load {
    /// 50 conversations of 4 members, one message a second each.
    Steady,
    /// The same, and a second after the measurement has begun Redis is killed, for the rest of it.
    NoRedis,
    /// As `steady`, as fast as it goes while 99 of 100 deliveries take less than 100 ms.
    Most,
    /// One conversation of 500 members, one message a second, with a relay.
    Large,
    /// As `large`, as fast as it goes while 99 of 100 deliveries take less than 100 ms.
    LargeMost,
    /// One conversation of 5,000 members of whom 500 are online, one message a second. Adding 4,000 members one by one takes a while.
    Crowd,
    /// Sockets that do nothing.
    Idle,
    /// Handshakes, one after the other on 64 lanes.
    Handshakes,
    /// 5,000 clients whose sockets are all cut at once, while 500 handshakes a second are let in.
    Reconnect,
    /// 5,000 sockets of 250 people, all of whom are watched, drop and come back within the grace.
    Presence,
    /// The newest 50 messages of a conversation, again and again on 16 connections.
    History,
    /// The start screen of somebody with 1,000 conversations.
    Inbox,
    /// One conversation of 10 members who all read each message at once, one message a second.
    Reading,
    /// 50 conversations of 4 members, each of whom says once a second that he types.
    Typing,
    /// Pictures of a mebibyte, one after the other, each in a message, and then one large file in parts.
    Files,
    /// Each function's first answer, from exec on.
    Cold,
}

/// How a load is driven.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long it is measured.
    pub measured: Duration,
    /// How many sockets are open, where the load does not say it.
    pub sockets: Option<usize>,
    /// How many messages a second each conversation gets where the load does not say it.
    pub rate: f64,
    /// How large the large file is.
    pub file_mebibytes: u64,
}

/// The most people that a conversation has.
const MAX_MEMBERS: usize = 5_000;
/// How many of them have a socket open.
const ONLINE: usize = 500;
const WARM_UP: Duration = Duration::from_secs(3);
/// How long each rate is tried in the search for the highest.
const TRIAL: Duration = Duration::from_secs(6);
const HIGHEST_P99_MS: f64 = 100.0;

impl Load {
    /// Its name in reports and on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it does.
    pub fn description(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    /// How many relays it is meant for.
    pub const fn relays(self) -> usize {
        match self {
            Self::Large | Self::LargeMost => 1,
            _ => 0,
        }
    }

    /// The limits of the gateway that it needs.
    pub const fn limits(self) -> &'static [&'static str] {
        match self {
            Self::Reconnect => &["handshakes_per_second=500"],
            _ => &[],
        }
    }

    /// Drives it.
    pub async fn drive(self, cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
        let mut figures = match self {
            Self::Steady => steady(cloud, 50, 4, settings).await?,
            Self::NoRedis => no_redis(cloud, settings).await?,
            Self::Crowd => crowd(cloud, settings).await?,
            Self::Large => steady(cloud, 1, 500, settings).await?,
            Self::Most => most(cloud, 50, 4, 10.0, settings).await?,
            Self::LargeMost => most(cloud, 1, 500, 10.0, settings).await?,
            Self::Idle => sockets::idle(cloud, settings).await?,
            Self::Handshakes => sockets::handshakes(cloud, settings).await?,
            Self::Reconnect => reconnect::drive(cloud, settings).await?,
            Self::History => history::drive(cloud, settings).await?,
            Self::Presence => presence::drive(cloud, settings).await?,
            Self::Inbox => inbox::drive(cloud).await?,
            Self::Reading => reading::drive(cloud, settings).await?,
            Self::Typing => typing::drive(cloud, settings).await?,
            Self::Files => files::drive(cloud, settings).await?,
            Self::Cold => return cold::drive(cloud).await,
        };
        for (name, megabytes) in resident_megabytes(cloud).await? {
            figures.insert(format!("resident_mb.{name}"), megabytes);
        }
        Ok(figures)
    }
}

async fn steady(cloud: &Cloud, count: usize, size: usize, settings: Settings) -> Result<Figures, Failure> {
    let mut stage = Stage::open(cloud, &groups(cloud, count, size).await?).await?;
    Ok(stage.run(cloud, settings.rate, WARM_UP, settings.measured).await?.figures)
}

async fn no_redis(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let mut stage = Stage::open(cloud, &groups(cloud, 50, 4).await?).await?;
    let kill = async {
        tokio::time::sleep(WARM_UP + Duration::from_secs(1)).await;
        let gone = u64::try_from(settings.measured.as_millis())?;
        cloud.fail(&serde_json::json!({"name": "redis.kill", "delay_ms": gone})).await
    };
    let (traffic, ()) = tokio::try_join!(stage.run(cloud, settings.rate, WARM_UP, settings.measured), kill)?;
    Ok(traffic.figures)
}

async fn crowd(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let begun = Instant::now();
    let mut group = large_group(cloud, MAX_MEMBERS).await?;
    let seconds = begun.elapsed().as_secs_f64();
    group.members.truncate(ONLINE);
    let mut stage = Stage::open(cloud, &[group]).await?;
    let mut figures = stage.run(cloud, 1.0, WARM_UP, settings.measured).await?.figures;
    figures.insert("adding_s".into(), seconds);
    Ok(figures)
}

/// Raises the rate until it is too much, then halves the distance between the best and the worst three times.
async fn most(
    cloud: &Cloud,
    count: usize,
    size: usize,
    first_rate: f64,
    settings: Settings,
) -> Result<Figures, Failure> {
    let mut stage = Stage::open(cloud, &groups(cloud, count, size).await?).await?;
    let trial = TRIAL.min(settings.measured);
    let (mut good, mut rate) = (0.0, first_rate);
    let mut bad = f64::INFINITY;
    let mut best: Option<Traffic> = None;
    let mut halvings = 0;
    while halvings < 3 && rate > 0.2 {
        let traffic = stage.run(cloud, rate, WARM_UP / 2, trial).await?;
        let Traffic { sends, deliveries, p99_ms, .. } = traffic;
        note(&format!("{rate:.1} a second each: {sends} sends, {deliveries} deliveries, p99 {p99_ms:.1} ms"));
        if p99_ms < HIGHEST_P99_MS {
            good = rate;
            best = Some(traffic);
        } else {
            bad = rate;
            // What is still on its way belongs to the rate that was too high.
            tokio::time::sleep(TRIAL).await;
        }
        if bad.is_infinite() {
            rate *= 1.6;
        } else {
            halvings += u32::from(good > 0.0);
            rate = f64::midpoint(good, bad);
        }
    }
    Ok(best.ok_or("no rate was low enough")?.figures)
}
