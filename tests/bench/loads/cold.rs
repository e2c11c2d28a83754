//! The first answer of each function: a fresh local cloud is touched once everywhere, and tells of each process that it started.

use std::{collections::BTreeMap, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Failure,
    cloud::{Cloud, Place},
    people::groups,
    processes::resident_megabytes,
    report::Figures,
    socket,
};

/// How many local clouds are started, the given one included.
const ROUNDS: usize = 5;

pub(super) async fn drive(cloud: &Cloud) -> Result<Figures, Failure> {
    let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut note = |cloud: &Cloud| {
        for (function, millis) in cloud.cold_starts() {
            times.entry(function).or_default().push(millis);
        }
    };
    touch(cloud).await?;
    let resident = resident_megabytes(cloud).await?;
    note(cloud);
    for _ in 1..ROUNDS {
        let another = Cloud::at(Place::Started { relays: 0, is_isolated: false, limits: &[] }).await?;
        touch(&another).await?;
        note(&another);
        another.end().await;
    }
    let mut figures = Figures::new();
    for (function, mut millis) in times {
        millis.sort_by(f64::total_cmp);
        if let Some(median) = millis.get(millis.len() / 2) {
            figures.insert(format!("exec_to_first_answer_ms.{function}"), *median);
        }
    }
    for (name, megabytes) in resident {
        figures.insert(format!("resident_mb.{name}"), megabytes);
    }
    Ok(figures)
}

async fn touch(cloud: &Cloud) -> Result<(), Failure> {
    let group = groups(cloud, 1, 2).await?.into_iter().next().ok_or("no conversation")?;
    let person = group.members.first().ok_or("nobody")?;
    let mut stream = socket::open(cloud, person).await?;
    let send = format!(
        r#"{{"type":"message.send","id":"r2","data":{{"conversation_id":"{}","client_id":"k","after":1,"content":"hi"}}}}"#,
        group.id
    );
    for frame in [r#"{"type":"ping","id":"r1"}"#.to_owned(), send] {
        stream.send(Message::text(frame)).await?;
        stream.next().await.ok_or("the socket was closed")??;
    }
    let http = reqwest::Client::new();
    for path in [format!("conversations/{}/messages/", group.id), "limits/".to_owned()] {
        let address = format!("{}/api/messaging/{path}", cloud.origin);
        http.get(address).bearer_auth(&person.token).send().await?.error_for_status()?;
    }
    let address = format!("{}/api/messaging/ws/ticket/", cloud.origin);
    http.post(address).bearer_auth(&person.token).send().await?.error_for_status()?;
    stream.close(None).await?;
    // For what happens by itself: the end of the socket, the stream of the log.
    tokio::time::sleep(Duration::from_secs(4)).await;
    Ok(())
}
