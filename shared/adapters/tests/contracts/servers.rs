//! The servers that the adapters speak to: the embedded DynamoDB, the embedded Redis, and a real Redis where there is one.

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use parlance_adapters::{Adapters, Configuration, dynamodb::CapacityMeter};
use parlance_local::{dynamodb, redis};
use serde_json::json;

/// DynamoDB with both tables, as the template describes them.
pub struct Tables {
    server: dynamodb::Running,
}

impl Tables {
    pub async fn start() -> Self {
        let server = dynamodb::start(dynamodb::Options::default()).await.unwrap();
        let specs = ["chat", "connections"].map(|name| {
            let resource = json!({
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true}
            });
            dynamodb::TableSpec::parse(name, &resource).unwrap()
        });
        server.create_tables(&specs).await.unwrap();
        Self { server }
    }

    pub fn adapters(&self) -> Adapters {
        Adapters::new(self.configuration(&[]))
    }

    pub fn metered(&self) -> (Adapters, Arc<CapacityMeter>) {
        let meter = Arc::new(CapacityMeter::default());
        (Adapters::metered(self.configuration(&[]), Arc::clone(&meter)), meter)
    }

    /// The configuration of a process with these variables besides.
    pub fn configuration(&self, more: &[(&str, &str)]) -> Configuration {
        let mut variables = HashMap::from([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.server.url.as_str()),
            ("CHAT_TABLE", "chat"),
            ("CONNECTIONS_TABLE", "connections"),
        ]);
        variables.extend(more.iter().copied());
        configuration(&variables)
    }
}

/// Reads a configuration from these variables alone.
pub fn configuration(variables: &HashMap<&str, &str>) -> Configuration {
    Configuration::read(&|name| variables.get(name).map(|value| (*value).to_owned())).unwrap()
}

/// A Redis to test against; dropping it stops it.
pub enum Redis {
    Embedded(redis::Running),
    Real(Child, String),
}

impl Redis {
    /// Every Redis that this machine has.
    pub async fn all() -> Vec<Self> {
        let embedded = redis::start(redis::Options::default()).await.unwrap();
        let mut all = vec![Self::Embedded(embedded)];
        match Self::real().await {
            Some(real) => all.push(real),
            None => eprintln!("skipped with a real Redis: there is no redis-server or valkey-server on PATH"),
        }
        all
    }

    pub fn url(&self) -> &str {
        match self {
            Self::Embedded(server) => &server.url,
            Self::Real(_, url) => url,
        }
    }

    async fn real() -> Option<Self> {
        let port = free_port().await;
        let server = ["redis-server", "valkey-server"].into_iter().find_map(|name| {
            Command::new(name)
                .args([
                    "--port",
                    &port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                ])
                .stdout(Stdio::null())
                .spawn()
                .ok()
        })?;
        let server = Self::Real(server, format!("redis://127.0.0.1:{port}"));
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Redis did not start");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Self::Real(server, _) = self {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A port on which nobody listens.
pub async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
