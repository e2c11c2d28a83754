//! The load of a deployment or of a network that fails: every socket is cut at once, people write meanwhile, and everybody comes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use parlance_client::{Client, ClientEvent, EventData, Events, Options};
use serde_json::json;
use tokio::time::sleep;

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::{Group, groups},
    processes::Meter,
    report::{Figures, note, percentiles},
    usage::Usage,
};

const CLIENTS: usize = 5_000;
const MEMBERS: usize = 4;
const MISSED: &str = "said while nobody was there";
const PATIENCE: Duration = Duration::from_mins(3);

/// What has become of the clients so far.
#[derive(Default)]
struct Crowd {
    connected: usize,
    refused: usize,
    cut_at: Option<Instant>,
    /// How long after the cut each was connected again, and had heard what it missed, in microseconds.
    back: Vec<u32>,
    resumed: Vec<u32>,
}

type Shared = Arc<Mutex<Crowd>>;

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let groups = groups(cloud, settings.sockets.unwrap_or(CLIENTS) / MEMBERS, MEMBERS).await?;
    let crowd = Shared::default();
    let members = groups.iter().flat_map(|group| group.members.iter().map(move |member| (group, member)));
    let clients: Vec<Client> = stream::iter(members)
        .map(|(group, member)| {
            let crowd = Arc::clone(&crowd);
            async move {
                let (client, events) = Client::connect(Options::new(&cloud.origin, &member.token))?;
                client.conversation(group.id.parse()?).await?;
                tokio::spawn(listen(events, crowd));
                Ok::<_, Failure>(client)
            }
        })
        .buffer_unordered(64)
        .try_collect()
        .await?;
    let count = clients.len();
    note(&format!("{count} clients, {} of them connected", locked(&crowd).connected));
    until("everybody is connected", || locked(&crowd).connected == count).await?;

    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).tcp_nodelay(true).build()?;
    let mut meter = Meter::default();
    meter.read(cloud).await?;
    let used = Usage::read(cloud).await?;
    *locked(&crowd) = Crowd { connected: count, cut_at: Some(Instant::now()), ..Crowd::default() };
    cloud.fail(&json!({"name": "sockets.cut"})).await?;
    stream::iter(&groups)
        .map(|group| say(&http, cloud, group))
        .buffer_unordered(8)
        .try_collect::<()>()
        .await?;
    until("everybody has heard everything", || locked(&crowd).resumed.len() == count).await?;
    meter.read(cloud).await?;
    let now = Usage::read(cloud).await?;

    let mut figures = Figures::new();
    let count = count as f64;
    now.report(&used, &mut figures, "per_client", count);
    meter.report(&mut figures, "cpu_s_per_10000_clients", count / 10_000.0);
    let mut crowd = locked(&crowd);
    figures.insert("handshakes_refused".into(), crowd.refused as f64);
    percentiles(&mut figures, "cut_to_connected", &mut crowd.back);
    percentiles(&mut figures, "cut_to_resumed", &mut crowd.resumed);
    Ok(figures)
}

async fn say(http: &reqwest::Client, cloud: &Cloud, group: &Group) -> Result<(), Failure> {
    let sender = group.members.first().ok_or("a group has members")?;
    http.post(format!("{}/api/messaging/messages/", cloud.origin))
        .bearer_auth(&sender.token)
        .json(&json!({"conversation_id": group.id, "content": MISSED}))
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}

async fn listen(mut events: Events, crowd: Shared) {
    while let Some(event) = events.next().await {
        let mut crowd = locked(&crowd);
        let since_cut = crowd.cut_at.map(|at| u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
        match event {
            ClientEvent::Connected => {
                crowd.connected += 1;
                crowd.back.extend(since_cut);
            }
            ClientEvent::Disconnected { reason } => crowd.refused += usize::from(reason.contains("429")),
            ClientEvent::Event(event) => {
                if matches!(event.data(), EventData::MessageCreated(message) if message.content == MISSED) {
                    crowd.resumed.extend(since_cut);
                }
            }
            _ => {}
        }
    }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), Failure> {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("waited in vain until {what}").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn locked(crowd: &Shared) -> MutexGuard<'_, Crowd> {
    crowd.lock().unwrap_or_else(PoisonError::into_inner)
}
