//! The S3 adapters against the embedded S3, which verifies signatures and policies as AWS does.

use std::{collections::HashMap, fmt::Write as _, time::SystemTime};

use parlance_adapters::{Adapters, Configuration};
use parlance_application::ports::attachments::{PartAddress, UploadForm};
use parlance_domain::time::Timestamp;
use parlance_local::s3;
use parlance_testkit::contracts::objects;
use reqwest::Client;

use super::servers::configuration;

struct Bucket {
    server: s3::Running,
    _folder: tempfile::TempDir,
}

impl Bucket {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = s3::Options { data_dir: folder.path().to_owned(), ..s3::Options::default() };
        let server = s3::start(options).await.unwrap();
        let bucket = s3::BucketSpec { name: "files".to_owned(), ..s3::BucketSpec::default() };
        server.create_buckets(&[bucket]).unwrap();
        Self { server, _folder: folder }
    }

    fn configuration(&self) -> Configuration {
        let (key, secret) = s3::CREDENTIALS;
        configuration(&HashMap::from([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_ENDPOINT_URL_S3", self.server.url.as_str()),
            ("ATTACHMENT_BUCKET", "files"),
        ]))
    }

    fn adapters(&self) -> Adapters {
        Adapters::new(self.configuration())
    }
}

fn in_five_minutes() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap() + 300_000)
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn put(client: &Client, address: &PartAddress, bytes: Vec<u8>) -> u16 {
    let mut request = client.put(&address.url).body(bytes);
    for (name, value) in &address.headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

async fn post(client: &Client, form: &UploadForm, content_type: &str, bytes: Vec<u8>) -> u16 {
    let mut body = String::new();
    let field = "Content-Disposition: form-data; name=";
    for (name, value) in &form.fields {
        // A browser has the fields as it was given them, but for the type, which is the file's own.
        let value = if name == "Content-Type" { content_type } else { value };
        write!(body, "--XyZ\r\n{field}\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    write!(body, "--XyZ\r\n{field}\"file\"; filename=\"a\"\r\nContent-Type: {content_type}\r\n\r\n").unwrap();
    let body = [body.as_bytes(), bytes.as_slice(), b"\r\n--XyZ--\r\n"].concat();
    let request = client.post(&form.url).header("content-type", "multipart/form-data; boundary=XyZ");
    request.body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn s3_keeps_objects() {
    let bucket = Bucket::start().await;
    objects::hold(&*bucket.adapters().object_store().unwrap()).await;
}

#[tokio::test]
async fn s3_holds_parts_to_what_was_signed() {
    let (bucket, client) = (Bucket::start().await, client());
    let adapters = bucket.adapters();
    let (store, uploads) = (adapters.object_store().unwrap(), adapters.multipart_uploads().unwrap());
    let signer = adapters.upload_signer().unwrap();
    objects::come_in_parts(&*store, &*uploads, &*signer, in_five_minutes(), async |address, bytes| {
        put(&client, address, bytes).await
    })
    .await;
}

#[tokio::test]
async fn s3_holds_forms_to_what_was_signed() {
    let (bucket, client) = (Bucket::start().await, client());
    let adapters = bucket.adapters();
    let (store, signer) = (adapters.object_store().unwrap(), adapters.upload_signer().unwrap());
    objects::come_by_form(&*store, &*signer, in_five_minutes(), async |form, content_type, bytes| {
        post(&client, form, content_type, bytes).await
    })
    .await;
}

#[tokio::test]
async fn what_was_signed_for_a_while_is_refused_after_it() {
    let (bucket, client) = (Bucket::start().await, client());
    let signer = bucket.adapters().upload_signer().unwrap();
    let upload = objects::form_upload(b"hello");
    let form =
        signer.form(&upload, in_five_minutes().minus(std::time::Duration::from_mins(6))).await.unwrap();
    assert_eq!(post(&client, &form, "text/plain", b"hello".to_vec()).await, 403);
    let form = signer.form(&upload, in_five_minutes()).await.unwrap();
    assert_eq!(post(&client, &form, "text/plain", b"hello".to_vec()).await, 204);
}

#[tokio::test]
async fn browsers_may_reach_the_bucket_elsewhere_than_functions_do() {
    let bucket = Bucket::start().await;
    let mut configuration = bucket.configuration();
    configuration.attachments.upload_endpoint = Some("https://files.example:8443/".to_owned());
    let signer = Adapters::new(configuration.clone()).upload_signer().unwrap();
    let form = signer.form(&objects::form_upload(b"hello"), in_five_minutes()).await.unwrap();
    assert_eq!(form.url, "https://files.example:8443/files");

    configuration.attachments.upload_endpoint = None;
    configuration.endpoints.s3 = None;
    let signer = Adapters::new(configuration).upload_signer().unwrap();
    let form = signer.form(&objects::form_upload(b"hello"), in_five_minutes()).await.unwrap();
    assert_eq!(form.url, "https://files.s3.us-east-1.amazonaws.com/");
}
