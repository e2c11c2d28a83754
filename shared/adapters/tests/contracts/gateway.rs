//! A stand-in for API Gateway's connection management: it answers by the connection's id and remembers what it was sent.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub authorization: String,
    pub body: Bytes,
    /// Which connection it came over, in the order in which they were opened.
    pub socket: usize,
}

pub struct Gateway {
    pub url: String,
    pub calls: Arc<Mutex<Vec<Call>>>,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/live", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let kept = Arc::clone(&calls);
        tokio::spawn(async move {
            for socket in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| answer(Arc::clone(&kept), socket, request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, calls }
    }
}

async fn answer(
    calls: Arc<Mutex<Vec<Call>>>,
    socket: usize,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let path = head.uri.path().to_owned();
    let status = match path.rsplit('/').next().unwrap() {
        "gone" => 410,
        "slow-down" => 429,
        "too-large" => 413,
        "broken" => 500,
        "hanging" => {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            200
        }
        _ => 200,
    };
    let call = Call {
        method: head.method.to_string(),
        path,
        authorization: header.unwrap_or_default(),
        body,
        socket,
    };
    calls.lock().unwrap().push(call);
    let mut answer = Response::new(Full::new(Bytes::from_static(b"{}")));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(answer)
}
