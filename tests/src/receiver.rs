//! Another system that receives webhooks: it keeps every post, verifies it as Standard Webhooks has it, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use data_encoding::BASE64;
use hmac::{Hmac, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::credentials::now;

/// One post.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub text: String,
}

impl Received {
    /// A header, empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Whether one of its signatures is that of the secret `whsec_…`, and its time is now.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
        let timestamp = self.header("webhook-timestamp");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{timestamp}.{}", self.header("webhook-id"), self.text).as_bytes());
        let signature = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
        let is_now = timestamp.parse::<u64>().unwrap().abs_diff(now()) < 60;
        is_now && self.header("webhook-signature").split(' ').any(|one| one == signature)
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    answers: VecDeque<u16>,
}

/// A running receiver on this machine.
pub struct Receiver {
    /// `http://127.0.0.1:port`.
    pub url: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Starts to listen. It accepts everything, unless told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, state, serving }
    }

    /// Answers the next posts with these statuses.
    pub fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.state.lock().unwrap().answers.extend(statuses);
    }

    /// Everything that was posted so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let text = String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap();
    let mut state = state.lock().unwrap();
    state.received.push(Received { path: head.uri.path().to_owned(), headers: head.headers, text });
    let status = state.answers.pop_front().unwrap_or(204);
    let answer = Response::builder().status(status);
    let answer = if (300..400).contains(&status) { answer.header("location", "/elsewhere") } else { answer };
    Ok(answer.body(Full::default()).unwrap())
}
