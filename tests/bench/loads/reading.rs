//! A group of ten in which each message is read by everybody at once: what reading costs beside delivering.

use std::time::{Duration, Instant};

use futures::{
    SinkExt as _, StreamExt as _,
    future::{join_all, try_join_all},
};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{interval, sleep},
};
use tokio_tungstenite::tungstenite::Message;

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::groups,
    report::{Figures, percentiles},
    socket,
    usage::Usage,
};

const MEMBERS: usize = 10;

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let group = groups(cloud, 1, MEMBERS).await?.into_iter().next().ok_or("no conversation")?;
    let sockets = try_join_all(group.members.iter().map(|member| socket::open(cloud, member))).await?;
    let (sink, mut acknowledged) = mpsc::unbounded_channel();
    let (mut sinks, mut tasks) = (Vec::new(), Vec::new());
    for stream in sockets {
        let (mut outgoing, mut incoming) = stream.split();
        let (frames, mut queued) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(frame) = queued.recv().await {
                if outgoing.send(Message::text(frame)).await.is_err() {
                    break;
                }
            }
        });
        let (reads, sink, id) = (frames.clone(), sink.clone(), group.id.clone());
        tasks.push(tokio::spawn(async move {
            let mut asked = Instant::now();
            while let Some(Ok(Message::Text(text))) = incoming.next().await {
                let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
                match frame.get("type").and_then(Value::as_str) {
                    Some("message.created") => {
                        let data = json!({"conversation_id": id, "up_to": frame.get("seq")});
                        asked = Instant::now();
                        let read = json!({"type": "message.read", "id": "r", "data": data});
                        let _ = reads.send(read.to_string());
                    }
                    Some("ack") if frame.get("id").and_then(Value::as_str) == Some("r") => {
                        let _ = sink.send(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
                    }
                    _ => {}
                }
            }
        }));
        sinks.push(frames);
    }
    drop(sink);
    let sender = sinks.first().ok_or("nobody")?;
    let used = Usage::read(cloud).await?;
    let mut ticks = interval(Duration::from_secs(1));
    let seconds = settings.measured.as_secs().max(1);
    for number in 0..seconds {
        ticks.tick().await;
        let data = json!({"conversation_id": group.id, "content": "read this", "client_id": number.to_string(), "after": 1});
        sender.send(json!({"type": "message.send", "id": "s", "data": data}).to_string())?;
    }
    // Those who read in a group are told of together, at most once in five seconds.
    sleep(Duration::from_secs(7)).await;
    let mut figures = Figures::new();
    Usage::read(cloud).await?.report(&used, &mut figures, "per_message", seconds as f64);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    join_all(tasks).await;
    let mut times = Vec::new();
    while let Some(micros) = acknowledged.recv().await {
        times.push(micros);
    }
    figures.insert("reads_per_message".into(), times.len() as f64 / seconds as f64);
    percentiles(&mut figures, "read_to_ack", &mut times);
    Ok(figures)
}
