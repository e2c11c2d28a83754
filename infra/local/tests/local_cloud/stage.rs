//! A local cloud per test, on free ports and in a temporary folder, and clients for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use parlance_local::cloud::{Cloud, Options, Ports};
use parlance_local::gateway::Limits;
use parlance_local::lambda::Journal;
use parlance_local::template::Template;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub const TEMPLATE: &str = include_str!("template.yaml");

pub struct Stage {
    pub cloud: Option<Cloud>,
    pub http: reqwest::Client,
    pub folder: TempDir,
}

pub async fn stage() -> Stage {
    stage_with(|_| ()).await
}

pub async fn stage_with(change: impl FnOnce(&mut Options)) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options {
        template: Template::parse(TEMPLATE).unwrap(),
        parameters: BTreeMap::new(),
        binaries: examples(),
        launcher: None,
        data_dir: folder.path().to_owned(),
        ports: Ports::default(),
        relays: 0,
        redis_url: None,
        is_isolated: false,
        scanner: parlance_local::guardduty::ScannerSpec::default(),
        limits: Limits::default(),
        journal: Journal::start(std::io::sink()).unwrap(),
    };
    change(&mut options);
    let cloud = Cloud::start(options).await.unwrap();
    Stage { cloud: Some(cloud), http: reqwest::Client::new(), folder }
}

/// Where cargo puts the examples that it builds for the tests of this package.
fn examples() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(|deps| deps.parent()).unwrap().join("examples")
}

pub fn limits(assignments: &[&str]) -> Limits {
    let mut limits = Limits::default();
    for assignment in assignments {
        limits.set(assignment).unwrap();
    }
    limits
}

impl Stage {
    pub fn url(&self, endpoint: &str) -> String {
        self.cloud.as_ref().unwrap().endpoints[endpoint].clone()
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.url("http"))).send().await.unwrap()
    }

    pub async fn socket(&self, path: &str) -> Socket {
        self.handshake(path, &[]).await.unwrap().0
    }

    /// The status with which a handshake is refused.
    pub async fn refusal(&self, path: &str) -> (u16, Value) {
        match self.handshake(path, &[]).await {
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                (answer.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
            }
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("the handshake was accepted"),
        }
    }

    pub async fn handshake(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Socket, http::HeaderMap), Error> {
        let mut request = format!("{}{path}", self.url("websocket")).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, answer) = tokio_tungstenite::connect_async(request).await?;
        Ok((Socket(stream), answer.headers().clone()))
    }

    pub async fn stop(mut self) {
        self.cloud.take().unwrap().stop().await;
    }
}

pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn next(&mut self) -> Message {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next());
        next.await.expect("nothing came").expect("the socket ended").unwrap()
    }

    pub async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} instead of a text"),
        }
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }

    pub async fn ask(&mut self, text: impl Into<String>) -> Value {
        self.send(text).await;
        self.json().await
    }

    pub async fn close_frame(&mut self) -> CloseFrame {
        match self.next().await {
            Message::Close(frame) => frame.expect("a close frame without code"),
            other => panic!("{other:?} instead of a close frame"),
        }
    }

    pub async fn connection_id(&mut self) -> String {
        let event = self.ask(r#"{"type":"two","do":"show"}"#).await;
        event["requestContext"]["connectionId"].as_str().unwrap().to_owned()
    }
}
