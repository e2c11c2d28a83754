//! Everybody's sockets drop and come back within the grace: what those who watch are told of it, which should be nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::groups,
    report::Figures,
    socket::{self, Stream},
    usage::Usage,
};

const SOCKETS: usize = 5_000;
/// As many as one user may have open.
const SOCKETS_PER_USER: usize = 20;
/// As many people as one socket may watch.
const WATCHED: usize = 200;
const LANES: usize = 64;
/// The template's default, and some time to be told.
const GRACE: Duration = Duration::from_secs(30);
const A_WHILE: Duration = Duration::from_secs(10);

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let sockets = settings.sockets.unwrap_or(SOCKETS);
    let group = groups(cloud, 1, 1 + sockets.div_ceil(SOCKETS_PER_USER)).await?.pop().ok_or("no group")?;
    let (watcher, people) = group.members.split_first().ok_or("nobody")?;
    let told = Arc::<AtomicU64>::default();
    let before = open_all(cloud, people, sockets).await?;
    for watched in people.chunks(WATCHED) {
        let ids: Vec<&str> = watched.iter().map(|person| person.name.as_str()).collect();
        watch(socket::open(cloud, watcher).await?, &ids, Arc::clone(&told)).await?;
    }
    // Those who came just now may still be told of.
    sleep(A_WHILE).await;
    told.store(0, Ordering::Relaxed);

    let used = Usage::read(cloud).await?;
    let began = Instant::now();
    drop(before);
    let after = open_all(cloud, people, sockets).await?;
    let away = began.elapsed();
    if away > GRACE {
        return Err(format!("they came back only after {away:.1?}, when the grace was over").into());
    }
    sleep(GRACE + A_WHILE).await;
    let mut figures = Figures::new();
    figures.insert("sockets".into(), after.len() as f64);
    figures.insert("away_s".into(), away.as_secs_f64());
    figures.insert("presence_events".into(), told.swap(0, Ordering::Relaxed) as f64);
    Usage::read(cloud).await?.report(&used, &mut figures, "per_socket", sockets as f64);

    drop(after);
    let all = people.len() as u64;
    let gone = async {
        while told.load(Ordering::Relaxed) < all {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(GRACE + Duration::from_mins(1), gone).await.map_err(|_| "not everybody was told to be gone")?;
    figures.insert("presence_events_when_all_are_gone".into(), all as f64);
    Ok(figures)
}

async fn open_all(
    cloud: &Cloud,
    people: &[crate::people::Person],
    sockets: usize,
) -> Result<Vec<Stream>, Failure> {
    let everybody = people.iter().cycle().take(sockets);
    stream::iter(everybody)
        .map(|person| socket::open(cloud, person))
        .buffer_unordered(LANES)
        .try_collect()
        .await
}

/// Watches these people, and counts what it is told of them, for ever.
async fn watch(mut socket: Stream, ids: &[&str], told: Arc<AtomicU64>) -> Result<(), Failure> {
    let watch = json!({"type": "presence.watch", "id": "w", "data": {"user_ids": ids}});
    socket.send(Message::text(watch.to_string())).await?;
    loop {
        let frame = socket.next().await.ok_or("the watcher's socket was closed")??;
        let frame: Value = serde_json::from_str(frame.to_text()?)?;
        match frame.get("type").and_then(Value::as_str) {
            Some("ack") => break,
            Some("nack") => return Err(format!("not watched: {frame}").into()),
            _ => {}
        }
    }
    tokio::spawn(async move {
        while let Some(Ok(Message::Text(text))) = socket.next().await {
            let count = text.matches(r#""presence.updated""#).count();
            told.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
        }
    });
    Ok(())
}
