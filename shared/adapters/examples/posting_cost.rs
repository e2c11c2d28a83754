//! What a post costs in processor time: this crate's poster beside the SDK's client, against a server in another process.
//!
//! `cargo run --release -p parlance-adapters --example posting_cost` serves and measures by itself.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails should stop")]

use std::{
    future::Future,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_apigatewaymanagement::{Client, config::Region, primitives::Blob};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parlance_adapters::apigateway::ManagementPoster;
use parlance_application::ports::delivery::{ConnectionPoster, Posted};
use parlance_domain::ids::ConnectionId;
use tokio::net::TcpListener;

const POSTS: usize = 20_000;
const AT_ONCE: usize = 32;
const FRAME: &[u8] = &[b'x'; 600];

#[tokio::main]
async fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve().await;
    }
    let server = Server::start();
    let credentials = || Credentials::new("id", "secret", None, None, "measured");
    let id = ConnectionId::parse("L0SM9cOFvHcCIhw=").unwrap();

    let provider = SharedCredentialsProvider::new(credentials());
    let own = Arc::new(ManagementPoster::new(&server.url.parse().unwrap(), "us-east-1", provider));
    measure("this crate's poster", || {
        let (own, id) = (Arc::clone(&own), id.clone());
        async move { assert_eq!(own.post(&id, FRAME).await, Posted::Delivered) }
    })
    .await;

    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .endpoint_url(&server.url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let sdk = Client::from_conf(config);
    measure("the SDK's client", || {
        let call = sdk.post_to_connection().connection_id(id.as_str()).data(Blob::new(FRAME));
        async move { drop(call.send().await.unwrap()) }
    })
    .await;
}

async fn measure<F: Future<Output = ()>>(name: &str, post: impl Fn() -> F) {
    for _ in 0..500 {
        post().await;
    }
    let (started, before) = (Instant::now(), processor_time());
    stream::iter(0..POSTS).map(|_| post()).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let (took, used) = (started.elapsed(), processor_time().saturating_sub(before));
    let posts = u32::try_from(POSTS).unwrap();
    println!(
        "{name}: {:?} of processor time per post, {:.0}/s",
        used / posts,
        f64::from(posts) / took.as_secs_f64()
    );
}

/// User and system time of this process, from the kernel's clock ticks of 10 ms.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}/live", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let answer = |request: Request<Incoming>| async move {
            request.into_body().collect().await?;
            Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::new())))
        };
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}
