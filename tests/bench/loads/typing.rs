//! The load of people who type: each says so once a second, and the others are told while what they know does not hold any more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{
    SinkExt as _, StreamExt as _, TryStreamExt as _,
    future::try_join_all,
    stream::{self, SplitSink, SplitStream},
};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::Message;

use super::{Settings, WARM_UP};
use crate::{
    Failure,
    cloud::Cloud,
    people::{Group, groups},
    processes::{Meter, own_cpu_seconds},
    report::{Figures, percentiles},
    socket::{self, Stream},
};

const CONVERSATIONS: usize = 50;
const MEMBERS: usize = 4;
const PERIOD: Duration = Duration::from_secs(1);

/// What the sockets of one conversation share: when each member last said that he types, and what was heard of it.
#[derive(Default)]
struct Room {
    started: HashMap<String, Instant>,
    told_micros: Vec<u32>,
    frames: u64,
    refused: u64,
    is_measured: bool,
}

type Shared = Arc<Mutex<Room>>;

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let groups = groups(cloud, CONVERSATIONS, MEMBERS).await?;
    let rooms: Vec<(Shared, Vec<Member>)> =
        stream::iter(&groups).map(|group| open(cloud, group)).buffered(4).try_collect().await?;
    let (shared, members): (Vec<Shared>, Vec<Vec<Member>>) = rooms.into_iter().unzip();
    let begin = tokio::time::Instant::now();
    let end = begin + WARM_UP + settings.measured;
    let all: Vec<Member> = members.into_iter().flatten().collect();
    let count = u32::try_from(all.len())?;
    let typists =
        (0..).zip(all).map(|(place, member)| member.type_until(begin + PERIOD * place / count, end));
    let mut meter = Meter::default();
    let metering = async {
        tokio::time::sleep(WARM_UP).await;
        for room in &shared {
            locked(room).is_measured = true;
        }
        meter.read(cloud).await?;
        let own = own_cpu_seconds();
        tokio::time::sleep_until(end).await;
        meter.read(cloud).await?;
        Ok::<_, Failure>(own_cpu_seconds() - own)
    };
    let (starts, own) = tokio::try_join!(try_join_all(typists), metering)?;
    let mut told = Vec::new();
    let (mut frames, mut refused) = (0, 0);
    for room in &shared {
        let mut room = locked(room);
        told.append(&mut room.told_micros);
        frames += room.frames;
        refused += room.refused;
    }
    let (starts, seconds) = (starts.into_iter().sum::<u64>(), settings.measured.as_secs_f64());
    let mut figures = Figures::new();
    figures.insert("starts_per_s".into(), starts as f64 / seconds);
    figures.insert("frames_out_per_s".into(), frames as f64 / seconds);
    figures.insert("refused".into(), refused as f64);
    percentiles(&mut figures, "start_to_indicator", &mut told);
    meter.report(&mut figures, "cpu_s_per_10000_starts", starts.max(1) as f64 / 10_000.0);
    figures.insert("load_generator_cpu_s_per_10000_starts".into(), own / starts.max(1) as f64 * 10_000.0);
    Ok(figures)
}

/// Somebody with an open socket, to which another task listens.
struct Member {
    name: String,
    conversation: String,
    sink: SplitSink<Stream, Message>,
    room: Shared,
}

async fn open(cloud: &Cloud, group: &Group) -> Result<(Shared, Vec<Member>), Failure> {
    let room = Shared::default();
    let mut members = Vec::new();
    for person in &group.members {
        let (sink, source) = socket::open(cloud, person).await?.split();
        tokio::spawn(hear(source, Arc::clone(&room), person.name.clone()));
        members.push(Member {
            name: person.name.clone(),
            conversation: group.id.clone(),
            sink,
            room: Arc::clone(&room),
        });
    }
    Ok((room, members))
}

impl Member {
    /// Says once a second that he types, and how often he did while that was measured.
    async fn type_until(
        mut self,
        start: tokio::time::Instant,
        end: tokio::time::Instant,
    ) -> Result<u64, Failure> {
        let frame =
            json!({"type": "typing.start", "data": {"conversation_id": self.conversation}}).to_string();
        let mut ticks = interval_at(start, PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut counted = 0;
        while ticks.tick().await < end {
            {
                let mut room = locked(&self.room);
                room.started.insert(self.name.clone(), Instant::now());
                counted += u64::from(room.is_measured);
            }
            self.sink.send(Message::text(frame.clone())).await?;
        }
        Ok(counted)
    }
}

/// Notes when another's expiry has grown: that is what his last `typing.start` brought about.
async fn hear(mut source: SplitStream<Stream>, room: Shared, own: String) {
    let mut known: HashMap<String, String> = HashMap::new();
    while let Some(Ok(message)) = source.next().await {
        let Message::Text(text) = message else { continue };
        let now = Instant::now();
        let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
        let mut room = locked(&room);
        if frame.get("type") == Some(&json!("nack")) {
            room.refused += 1;
        }
        room.frames += u64::from(room.is_measured);
        let events = match frame.get("events").and_then(Value::as_array) {
            Some(events) => events.clone(),
            None => vec![frame],
        };
        for user in events.iter().filter_map(|event| event.pointer("/data/users")?.as_array()).flatten() {
            let field = |name: &str| user.get(name).and_then(Value::as_str).map(str::to_owned);
            let (Some(name), Some(until)) = (field("user_id"), field("expires_at")) else { continue };
            let is_news = known.get(&name).is_none_or(|known| *known < until) && name != own;
            if is_news
                && room.is_measured
                && let Some(started) = room.started.get(&name).copied()
            {
                let micros = now.duration_since(started).as_micros();
                room.told_micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
            }
            known.insert(name, until);
        }
    }
}

fn locked(room: &Shared) -> std::sync::MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}
