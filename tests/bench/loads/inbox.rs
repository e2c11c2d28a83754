//! The start screen of somebody with 1,000 conversations: the newest page of them and the unread count, with Redis and with it emptied.

use std::time::Instant;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::{
    Failure,
    cloud::Cloud,
    people::Person,
    report::{Figures, percentiles},
    usage::Usage,
};

const CONVERSATIONS: usize = 1_000;
const REQUESTS: usize = 200;

pub(super) async fn drive(cloud: &Cloud) -> Result<Figures, Failure> {
    let run = rand::random::<u32>();
    let http = reqwest::Client::builder().tcp_nodelay(true).build()?;
    let reader = &Person::new(cloud, format!("bench-{run:x}-reader"))?;
    let api = format!("{}/api/messaging", cloud.origin);
    stream::iter(0..CONVERSATIONS)
        .map(|number| {
            let (http, api) = (&http, &api);
            async move {
                let other = Person::new(cloud, format!("bench-{run:x}-{number}"))?;
                let body = json!({"title": format!("Bench {number}"), "participant_ids": [reader.name]});
                let created: Value = post(http, &other, format!("{api}/conversations/"), &body).await?;
                let body = json!({"conversation_id": created.get("id"), "content": "have you seen this?"});
                post(http, &other, format!("{api}/messages/"), &body).await.map(drop)
            }
        })
        .buffer_unordered(16)
        .try_collect::<()>()
        .await?;

    let mut figures = Figures::new();
    let list = format!("{api}/conversations/?limit=50");
    let unread = format!("{api}/messages/unread_count/");
    for (name, address, item) in [("list", &list, "/items/49/id"), ("unread_count", &unread, "/total")] {
        for is_emptied in [false, true] {
            let name = if is_emptied { format!("{name}_without_hints") } else { name.to_owned() };
            let used = Usage::read(cloud).await?;
            let mut times = Vec::new();
            for _ in 0..if is_emptied { REQUESTS / 20 } else { REQUESTS } {
                if is_emptied {
                    // One command is enough to notice it; the request's own commands then find nothing.
                    cloud.fail(&json!({"name": "redis.empty", "for_ms": 50})).await?;
                }
                let began = Instant::now();
                let answer: Value = http
                    .get(address)
                    .bearer_auth(&reader.token)
                    .send()
                    .await?
                    .error_for_status()?
                    .json()
                    .await?;
                times.push(u32::try_from(began.elapsed().as_micros())?);
                if answer.pointer(item).is_none() {
                    return Err(format!("{name} answered {answer}").into());
                }
            }
            let count = times.len() as f64;
            percentiles(&mut figures, &name, &mut times);
            Usage::read(cloud).await?.report(&used, &mut figures, &format!("per_{name}"), count);
        }
    }
    Ok(figures)
}

async fn post(
    http: &reqwest::Client,
    person: &Person,
    address: String,
    body: &Value,
) -> Result<Value, Failure> {
    let request = http.post(address).bearer_auth(&person.token).json(body);
    Ok(request.send().await?.error_for_status()?.json().await?)
}
