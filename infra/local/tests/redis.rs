//! The embedded Redis over the real protocol: the same script as on a real one, and what only one of them shows.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt;
use parlance_local::faults::{FaultSpec, Faults};
use parlance_local::redis::{Options, Running, start};
use redis::{AsyncCommands, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One command per line; a `*` before it: its answer has no order.
const SCRIPT: &str = include_str!("redis/script.txt");

struct Real(Child);

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `redis-server` on a free port, if this machine has one.
async fn real() -> Option<(Real, String)> {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        eprintln!("skipped: there is no redis-server on PATH to compare with");
        return None;
    };
    let real = Real(child);
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Some((real, format!("redis://127.0.0.1:{port}")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("redis-server did not start");
}

async fn embedded() -> Running {
    start(Options::default()).await.unwrap()
}

/// Runs the script on one connection; answers line by line.
fn play(url: &str, protocol: &str) -> Vec<String> {
    let client = redis::Client::open(format!("{url}?protocol={protocol}")).unwrap();
    let mut connection = client.get_connection().unwrap();
    let lines = SCRIPT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (unordered, line) = line.strip_prefix('*').map_or((false, line), |line| (true, line));
            let mut words = line.split(' ').map(|word| if word == "\"\"" { "" } else { word });
            let mut command = redis::cmd(words.next().unwrap());
            for word in words {
                command.arg(word);
            }
            let answer = match command.query::<Value>(&mut connection) {
                Ok(value) if unordered => format!("{:?}", sorted(value)),
                Ok(value) => format!("{value:?}"),
                Err(error) => format!("{error}"),
            };
            format!("{line} → {answer}")
        })
        .collect()
}

fn sorted(value: Value) -> Vec<String> {
    let mut parts: Vec<String> = match value {
        Value::Array(parts) | Value::Set(parts) => parts.iter().map(|part| format!("{part:?}")).collect(),
        Value::Map(pairs) => {
            pairs.iter().flat_map(|(key, value)| [format!("{key:?}"), format!("{value:?}")]).collect()
        }
        other => vec![format!("{other:?}")],
    };
    parts.sort();
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_server_answers_the_script_as_a_real_one_does() {
    let embedded = embedded().await;
    let Some((_real, real)) = real().await else { return };
    for protocol in ["resp2", "resp3"] {
        let (here, there) = (embedded.url.clone(), real.clone());
        let here = tokio::task::spawn_blocking(move || play(&here, protocol)).await.unwrap();
        let there = tokio::task::spawn_blocking(move || play(&there, protocol)).await.unwrap();
        assert!(here.len() > 150, "the script is gone");
        let differences: Vec<_> = here
            .iter()
            .zip(&there)
            .filter(|(here, there)| here != there)
            .map(|(here, there)| format!("embedded: {here}\n    real: {there}"))
            .collect();
        assert!(differences.is_empty(), "{protocol}:\n{}", differences.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multiplexed_connection_runs_pipelines_and_transactions() {
    let server = embedded().await;
    let client = redis::Client::open(server.url.clone()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (old, members, count): (Option<String>, i64, i64) = redis::pipe()
        .cmd("SET")
        .arg("head:c")
        .arg("7")
        .arg("GET")
        .arg("PX")
        .arg(60_000)
        .cmd("ZADD")
        .arg("relays")
        .arg(5)
        .arg("a")
        .cmd("INCR")
        .arg("rate")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!((old, members, count), (None, 1, 1));
    let (text, missing): (String, Option<String>) =
        redis::pipe().atomic().get("head:c").get("none").query_async(&mut connection).await.unwrap();
    assert_eq!((text.as_str(), missing), ("7", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_subscribers_in_order_over_both_protocols() {
    let server = embedded().await;
    let client = redis::Client::open(server.url.clone()).unwrap();
    let mut old = client.get_async_pubsub().await.unwrap();
    old.subscribe("events:1").await.unwrap();
    let (sender, mut pushes) = tokio::sync::mpsc::unbounded_channel();
    let modern = redis::Client::open(format!("{}?protocol=resp3", server.url)).unwrap();
    let config = redis::AsyncConnectionConfig::new().set_push_sender(sender);
    let mut modern = modern.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    modern.subscribe("events:1").await.unwrap();
    let mut publisher = client.get_multiplexed_async_connection().await.unwrap();
    for number in 0..500_u32 {
        let heard: i64 = publisher.publish("events:1", number).await.unwrap();
        assert_eq!(heard, 2);
    }
    let mut messages = old.on_message();
    for number in 0..500_u32 {
        let message = messages.next().await.unwrap();
        assert_eq!(message.get_payload::<u32>().unwrap(), number);
    }
    let mut numbers = Vec::new();
    while numbers.len() < 500 {
        let push = pushes.recv().await.unwrap();
        if push.kind == redis::PushKind::Message {
            numbers.push(redis::from_redis_value_ref::<u32>(&push.data[1]).unwrap());
        }
    }
    assert!(numbers.is_sorted());
    let text: Option<String> = modern.get("still usable").await.unwrap();
    assert_eq!(text, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_ends_only_the_connection_that_sent_it() {
    let server = embedded().await;
    let address = server.url.trim_start_matches("redis://").to_owned();
    let nested = "*1\r\n".repeat(200_000).into_bytes();
    let huge = b"*1\r\n$9999999999\r\nx".to_vec();
    for rubbish in [nested, huge, vec![0xff; 100_000], b"*3\r\n:1\r\n".to_vec(), b"\r\n\r\nGET\r\n".to_vec()]
    {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let _ = stream.write_all(&rubbish).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    let client = redis::Client::open(server.url.clone()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    assert_eq!(redis::cmd("PING").query_async::<String>(&mut connection).await.unwrap(), "PONG");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_on_its_port_with_nothing_stored() {
    let faults = Faults::default();
    let server = start(Options { faults: faults.clone(), ..Options::default() }).await.unwrap();
    let client = redis::Client::open(server.url.clone()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = connection.set("k", "v").await.unwrap();
    faults.set(serde_json::from_str::<FaultSpec>(r#"{"name":"redis.kill","delay_ms":100}"#).unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(connection.get::<_, Option<String>>("k").await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    assert_eq!(connection.get::<_, Option<String>>("k").await.unwrap(), None);
    faults.set(serde_json::from_str::<FaultSpec>(r#"{"name":"redis.readonly"}"#).unwrap());
    let refused = connection.set::<_, _, ()>("k", "v").await.unwrap_err();
    assert_eq!(refused.kind(), redis::ErrorKind::Server(redis::ServerErrorKind::ReadOnly));
    faults.clear(&[]);
    let _: () = connection.set("k", "v").await.unwrap();
}
