//! An issuer of tokens: keys of every kind, tokens good and bad, and the address of its key set.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// When everything happens, in seconds.
pub const NOW: u64 = 1_790_000_000;

/// The claims of a good token.
pub fn claims() -> Value {
    json!({"sub": "alice", "exp": NOW + 600, "iss": "https://issuer.example", "aud": ["messaging", "other"]})
}

/// A token of this header and these claims, signed.
pub fn token(header: &Value, claims: &Value, algorithm: Algorithm, key: &EncodingKey) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, algorithm).unwrap();
    format!("{signed}.{signature}")
}

/// A key set served on the loopback, and how often it was asked for.
pub struct KeySetServer {
    pub url: String,
    pub requests: Arc<AtomicUsize>,
}

impl KeySetServer {
    pub async fn start(set: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let body = set.to_string();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                counted.fetch_add(1, Ordering::SeqCst);
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, requests }
    }
}
