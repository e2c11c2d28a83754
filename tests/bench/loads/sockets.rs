//! Loads of sockets alone: many that do nothing, and many handshakes.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::Person,
    processes::{Meter, own_cpu_seconds, resident_megabytes},
    report::{Figures, percentiles},
    socket::{self, Stream},
    usage::Usage,
};

/// As many as one user may have open.
const SOCKETS_PER_USER: usize = 20;
const IDLE: usize = 10_000;
const LANES: usize = 64;

fn people(cloud: &Cloud, sockets: usize) -> Result<Vec<Person>, Failure> {
    let run = rand::random::<u32>();
    (0..sockets.div_ceil(SOCKETS_PER_USER))
        .map(|user| Person::new(cloud, format!("bench-{run:x}-{user}")))
        .collect()
}

pub(super) async fn idle(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let count = settings.sockets.unwrap_or(IDLE);
    let people = &people(cloud, count)?;
    let gateway = |resident: &std::collections::BTreeMap<String, f64>| {
        resident.get("parlance").copied().unwrap_or_default()
    };
    let before = gateway(&resident_megabytes(cloud).await?);
    let sockets: Vec<Stream> = stream::iter(0..count)
        .map(|index| async move {
            let person = people.get(index / SOCKETS_PER_USER).ok_or("nobody")?;
            socket::open(cloud, person).await
        })
        .buffer_unordered(LANES)
        .try_collect()
        .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut meter = Meter::default();
    meter.read(cloud).await?;
    let begun = Instant::now();
    tokio::time::sleep(settings.measured).await;
    meter.read(cloud).await?;
    let after = gateway(&resident_megabytes(cloud).await?);
    let mut figures = Figures::new();
    figures.insert("sockets".into(), sockets.len() as f64);
    figures.insert("gateway_mb".into(), after);
    figures.insert("gateway_mb_for_sockets".into(), after - before);
    figures.insert("cpu_share_of_one_core".into(), meter.total() / begun.elapsed().as_secs_f64());
    Ok(figures)
}

pub(super) async fn handshakes(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    // More than can be opened, so that nobody gets too many.
    let most = 400 * usize::try_from(settings.measured.as_secs())?.clamp(1, 25) * 5;
    let people = people(cloud, most)?;
    let next = AtomicUsize::new(0);
    let mut meter = Meter::default();
    meter.read(cloud).await?;
    let used = Usage::read(cloud).await?;
    let own = own_cpu_seconds();
    let begun = Instant::now();
    let end = begun + settings.measured;
    let lanes = (0..LANES).map(|_| async {
        let mut times = Vec::new();
        let mut sockets = Vec::new();
        while Instant::now() < end {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(person) = people.get(index / SOCKETS_PER_USER) else { break };
            let started = Instant::now();
            sockets.push(socket::open(cloud, person).await?);
            times.push(u32::try_from(started.elapsed().as_micros())?);
        }
        Ok::<_, Failure>((times, sockets))
    });
    let (times, sockets): (Vec<_>, Vec<_>) = try_join_all(lanes).await?.into_iter().unzip();
    let elapsed = begun.elapsed().as_secs_f64();
    meter.read(cloud).await?;
    let mut times: Vec<u32> = times.into_iter().flatten().collect();
    let count = times.len() as f64;
    let mut figures = Figures::new();
    figures.insert("handshakes_per_s".into(), count / elapsed);
    meter.report(&mut figures, "cpu_s_per_10000_handshakes", count / 10_000.0);
    figures.insert(
        "load_generator_cpu_s_per_10000_handshakes".into(),
        (own_cpu_seconds() - own) / count * 10_000.0,
    );
    Usage::read(cloud).await?.report(&used, &mut figures, "per_handshake", count);
    percentiles(&mut figures, "handshake", &mut times);
    drop(sockets);
    Ok(figures)
}
