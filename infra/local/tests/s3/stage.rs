//! One service per test with one bucket, a client for it, and what the bucket tells.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use parlance_local::faults::Faults;
use parlance_local::s3::{BucketSpec, ObjectEvent, Options, Running, start};
use parlance_local::usage::Usage;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

pub const BUCKET: &str = "files";
pub const ORIGIN: &str = "http://localhost:5173";

pub struct Stage {
    pub running: Running,
    pub client: Client,
    pub events: UnboundedReceiver<Arc<ObjectEvent>>,
    pub faults: Faults,
    pub usage: Usage,
    pub folder: TempDir,
}

pub async fn stage() -> Stage {
    stage_in(tempfile::tempdir().unwrap()).await
}

pub async fn stage_in(folder: TempDir) -> Stage {
    let (faults, usage) = (Faults::default(), Usage::default());
    let options =
        Options { data_dir: folder.path().to_owned(), port: 0, faults: faults.clone(), usage: usage.clone() };
    let running = start(options).await.unwrap();
    let files = BucketSpec::parse(
        "Files",
        &json!({
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": true}},
            "CorsConfiguration": {"CorsRules": [{
                "AllowedOrigins": ["http://localhost:*"], "AllowedMethods": ["POST", "PUT"], "AllowedHeaders": ["*"],
                "ExposedHeaders": ["ETag"], "MaxAge": 60
            }]}
        }),
    );
    let silent = BucketSpec::parse("Silent", &json!({}));
    running.create_buckets(&[files.unwrap(), silent.unwrap()]).unwrap();
    let events = running.events();
    let client = client(&running.url, ("local", "local"));
    Stage { running, client, events, faults, usage, folder }
}

pub fn client(url: &str, (key, secret): (&str, &str)) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new(key, secret, None, None, "tests"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

impl Stage {
    /// The next thing that the bucket tells.
    pub async fn event(&mut self) -> Arc<ObjectEvent> {
        tokio::time::timeout(Duration::from_secs(5), self.events.recv()).await.unwrap().unwrap()
    }

    /// Whether the bucket has told nothing more by now.
    pub fn is_silent(&mut self) -> bool {
        self.events.try_recv().is_err()
    }

    pub async fn put(&self, key: &str, body: &[u8]) -> String {
        let put = self.client.put_object().bucket(BUCKET).key(key).body(body.to_vec().into());
        put.send().await.unwrap().e_tag.unwrap().trim_matches('"').to_owned()
    }

    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let got = self.client.get_object().bucket(BUCKET).key(key).send().await.ok()?;
        Some(got.body.collect().await.unwrap().to_vec())
    }

    /// Everything that lies in the folder beside the buckets' own objects.
    pub fn leftovers(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("s3")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
        names.sort();
        names
    }
}
