//! An issuer of tokens as companies have one: it publishes a key set and signs with RS256.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::credentials::signed_as;

/// The public half of the key, as everybody knows it.
pub const PUBLIC_KEY: &[u8] = include_bytes!("../keys/issuer.public.pem");

const PRIVATE_KEY: &[u8] = include_bytes!("../keys/issuer.pem");
const KEY_SET: &str = include_str!("../keys/issuer.jwks.json");

/// The `kid` of its one key.
pub const KEY_ID: &str = "first";

/// A running issuer.
pub struct Issuer {
    /// Where the key set is.
    pub url: String,
    fetches: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Issuer {
    /// Starts to publish.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let fetches = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&fetches);
        let serving = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut request = [0; 4_096];
                // One read holds the whole of such a small request.
                if client.read(&mut request).await.is_err() {
                    continue;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let length = KEY_SET.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
                );
                // A client that is gone will come again.
                let _ =
                    client.write_all(format!("{head}connection: close\r\n\r\n{KEY_SET}").as_bytes()).await;
            }
        });
        Self { url, fetches, serving }
    }

    /// How often the key set was fetched.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// These claims, signed with the issuer's key under this `kid`.
pub fn signed_with_key(claims: &Value, kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::RS256) };
    signed_as(&header, claims, &EncodingKey::from_rsa_pem(PRIVATE_KEY).unwrap())
}
