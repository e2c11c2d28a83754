//! A real Redis, where the machine has one.

use std::process::{Child, Command, Stdio};

use crate::deadline::eventually;
use crate::programs::spawn;
use crate::proxy::free_port;

/// A running `redis-server` that keeps nothing; dropping it kills it.
pub struct RedisServer {
    /// Its address.
    pub url: String,
    process: Child,
}

impl RedisServer {
    /// Starts one, unless there is none on the path: then the test says that it was skipped.
    pub async fn start() -> Option<Self> {
        let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if found.is_err() {
            println!("skipped: there is no redis-server on the path");
            return None;
        }
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        let process = spawn({
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        });
        eventually("redis-server to listen", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Some(Self { url: format!("redis://127.0.0.1:{port}"), process })
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
