//! The newest page of a conversation's history, over HTTP.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::groups,
    processes::{Meter, own_cpu_seconds},
    report::{Figures, percentiles},
    usage::Usage,
};

const CONNECTIONS: usize = 16;
const MESSAGES: usize = 120;

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let group = groups(cloud, 1, 4).await?.into_iter().next().ok_or("no conversation")?;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).tcp_nodelay(true).build()?;
    let reader = group.members.first().ok_or("nobody")?;
    for index in 0..MESSAGES {
        let sender = group.members.get(index % group.members.len()).ok_or("nobody")?;
        let content =
            format!("{index}: a few words, as long as what people write to each other, and a few more");
        http.post(format!("{}/api/messaging/messages/", cloud.origin))
            .bearer_auth(&sender.token)
            .json(&json!({"conversation_id": group.id, "content": content}))
            .send()
            .await?
            .error_for_status()?;
    }
    let address = format!("{}/api/messaging/conversations/{}/messages/?limit=50", cloud.origin, group.id);
    let mut meter = Meter::default();
    meter.read(cloud).await?;
    let used = Usage::read(cloud).await?;
    let own = own_cpu_seconds();
    let begun = Instant::now();
    let end = begun + settings.measured;
    let readers = (0..CONNECTIONS).map(|_| async {
        let http = reqwest::Client::builder().tcp_nodelay(true).pool_max_idle_per_host(1).build()?;
        let mut times = Vec::new();
        while Instant::now() < end {
            let started = Instant::now();
            let page = http
                .get(&address)
                .bearer_auth(&reader.token)
                .send()
                .await?
                .error_for_status()?
                .bytes()
                .await?;
            times.push(u32::try_from(started.elapsed().as_micros())?);
            if times.len() == 1 {
                let page: Value = serde_json::from_slice(&page)?;
                if page.get("items").and_then(Value::as_array).map(Vec::len) != Some(50) {
                    return Err("a page has not 50 messages".into());
                }
            }
        }
        Ok::<_, Failure>(times)
    });
    let mut times: Vec<u32> = try_join_all(readers).await?.into_iter().flatten().collect();
    let elapsed = begun.elapsed().as_secs_f64();
    meter.read(cloud).await?;
    let count = times.len() as f64;
    let mut figures = Figures::new();
    figures.insert("requests_per_s".into(), count / elapsed);
    meter.report(&mut figures, "cpu_s_per_10000_requests", count / 10_000.0);
    figures.insert(
        "load_generator_cpu_s_per_10000_requests".into(),
        (own_cpu_seconds() - own) / count * 10_000.0,
    );
    Usage::read(cloud).await?.report(&used, &mut figures, "per_request", count);
    percentiles(&mut figures, "request", &mut times);
    Ok(figures)
}
