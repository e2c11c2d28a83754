//! Attachments: pictures, from the store's answer until the receiver is told that they can be fetched, and one large file in parts.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use image::{ImageFormat, RgbImage};
use parlance_tests::person::{file_part, form, text_part};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Settings;
use crate::{
    Failure,
    cloud::Cloud,
    people::{Group, Person, groups},
    processes::peak_megabytes,
    report::{Figures, percentiles},
    socket::{self, Stream},
    usage::Usage,
};

/// A square of noise with so many pixels a side is a PNG of a mebibyte.
const PICTURE_SIDE: u32 = 591;
const MEBIBYTE: u64 = 1024 * 1024;
/// How many parts are signed at once.
const SIGNED: u64 = 100;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(10);

pub(super) async fn drive(cloud: &Cloud, settings: Settings) -> Result<Figures, Failure> {
    let group = groups(cloud, 1, 2).await?.into_iter().next().ok_or("no conversation")?;
    let mut figures = pictures(cloud, &group, settings.measured).await?;
    let uploader = group.members.first().ok_or("nobody")?;
    figures.extend(large(cloud, uploader, settings.file_mebibytes * MEBIBYTE).await?);
    for (name, megabytes) in peak_megabytes(cloud).await? {
        figures.insert(format!("peak_mb.{name}"), megabytes);
    }
    Ok(figures)
}

/// What is said over HTTP for one person.
struct Api<'a> {
    http: Client,
    origin: &'a str,
    token: &'a str,
}

impl Api<'_> {
    async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value), Failure> {
        let address = format!("{}/api/messaging/{path}", self.origin);
        let answer = self.http.post(address).bearer_auth(self.token).json(body).send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    async fn announce(&self, name: &str, content_type: &str, bytes: u64) -> Result<Value, Failure> {
        let body = json!({"filename": name, "content_type": content_type, "size": bytes});
        match self.post("attachments/", &body).await? {
            (StatusCode::CREATED, begun) => Ok(begun),
            (status, problem) => Err(format!("no upload began: {status} {problem}").into()),
        }
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, Failure> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| format!("{pointer} is missing in {value}").into())
}

fn number(value: &Value, pointer: &str) -> Result<u64, Failure> {
    let found = value.pointer(pointer).and_then(Value::as_u64);
    found.ok_or_else(|| format!("{pointer} is missing in {value}").into())
}

async fn pictures(cloud: &Cloud, group: &Group, measured: Duration) -> Result<Figures, Failure> {
    let [uploader, receiver] = &group.members[..] else { return Err("not two members".into()) };
    let api = Api { http: Client::new(), origin: &cloud.origin, token: &uploader.token };
    let mut heard = socket::open(cloud, receiver).await?;
    let pixels = (0..PICTURE_SIDE * PICTURE_SIDE * 3).map(|_| rand::random::<u8>()).collect();
    let picture = RgbImage::from_raw(PICTURE_SIDE, PICTURE_SIDE, pixels).ok_or("no picture")?;
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    let bytes = bytes.into_inner();
    // Whatever starts cold has started after the first.
    send_picture(&api, &group.id, &bytes, &mut heard).await?;
    let used = Usage::read(cloud).await?;
    let end = Instant::now() + measured;
    let (mut posted, mut clean) = (Vec::new(), Vec::new());
    while Instant::now() < end {
        let (post, wait) = send_picture(&api, &group.id, &bytes, &mut heard).await?;
        posted.push(u32::try_from(post.as_micros())?);
        clean.push(u32::try_from(wait.as_micros())?);
    }
    let mut figures = Figures::new();
    Usage::read(cloud).await?.report(&used, &mut figures, "per_picture", clean.len() as f64);
    figures.insert("picture_mb".into(), bytes.len() as f64 / 1_048_576.0);
    percentiles(&mut figures, "picture_posted", &mut posted);
    percentiles(&mut figures, "picture_clean", &mut clean);
    Ok(figures)
}

/// Announces a picture, sends it in a message and posts it to the store. How long the store took, and how long after its answer the receiver
/// was told that it is clean.
async fn send_picture(
    api: &Api<'_>,
    conversation: &str,
    bytes: &[u8],
    heard: &mut Stream,
) -> Result<(Duration, Duration), Failure> {
    let begun = api.announce("noise.png", "image/png", bytes.len() as u64).await?;
    let id = text(&begun, "/id")?;
    let message = json!({"conversation_id": conversation, "content": "look", "attachments": [id]});
    let (status, sent) = api.post("messages/", &message).await?;
    if status != StatusCode::CREATED {
        return Err(format!("the message was not sent: {status} {sent}").into());
    }
    let fields = begun.pointer("/upload/fields").and_then(Value::as_object).ok_or("no form")?;
    let mut parts: Vec<Vec<u8>> =
        fields.iter().map(|(name, value)| text_part(name, value.as_str().unwrap_or_default())).collect();
    parts.push(file_part("noise.png", "image/png", bytes));
    let (boundary, body) = form(&parts);
    let form = api.http.post(text(&begun, "/upload/url")?);
    let form = form.header("content-type", format!("multipart/form-data; boundary={boundary}")).body(body);
    let started = Instant::now();
    form.send().await?.error_for_status()?;
    let posted = started.elapsed();
    timeout(PATIENCE, told_clean(heard, id)).await??;
    Ok((posted, started.elapsed().saturating_sub(posted)))
}

async fn told_clean(heard: &mut Stream, id: &str) -> Result<(), Failure> {
    loop {
        let frame = heard.next().await.ok_or("the socket was closed")??;
        let Ok(frame) = frame.to_text() else { continue };
        let frame: Value = serde_json::from_str(frame).unwrap_or_default();
        // One event, or several in one frame.
        let one = std::slice::from_ref(&frame);
        let events = frame.get("events").and_then(Value::as_array).map_or(one, Vec::as_slice);
        for attachment in events.iter().filter_map(|event| event.pointer("/data/attachments/0")) {
            let state = attachment.get("state").and_then(Value::as_str).unwrap_or_default();
            match state {
                _ if attachment.get("id").and_then(Value::as_str) != Some(id) => {}
                "clean" => return Ok(()),
                "uploading" | "scanning" => {}
                other => return Err(format!("a picture became {other}").into()),
            }
        }
    }
}

/// One file in parts, one after the other, until a scan has found it clean.
async fn large(cloud: &Cloud, uploader: &Person, size: u64) -> Result<Figures, Failure> {
    let api = Api { http: Client::new(), origin: &cloud.origin, token: &uploader.token };
    let begun = api.announce("large.bin", "application/octet-stream", size).await?;
    let (id, count) = (text(&begun, "/id")?, number(&begun, "/upload/part_count")?);
    let part = usize::try_from(number(&begun, "/upload/part_size")?)?;
    let block: Vec<u8> = (0..part).map(|_| rand::random()).collect();
    let block = bytes::Bytes::from(block);
    let started = Instant::now();
    let numbers: Vec<u64> = (1..=count).collect();
    for some in numbers.chunks(usize::try_from(SIGNED)?) {
        let wanted: Vec<Value> = some.iter().map(|number| json!({"part_number": number})).collect();
        let (_, signed) = api.post(&format!("attachments/{id}/parts/"), &json!({"parts": wanted})).await?;
        for address in signed.get("items").and_then(Value::as_array).ok_or("nothing was signed")? {
            let bytes = block.slice(..usize::try_from(number(address, "/size")?)?);
            let mut put = api.http.put(text(address, "/url")?).body(bytes);
            for (name, value) in address.get("headers").and_then(Value::as_object).into_iter().flatten() {
                put = put.header(name, value.as_str().unwrap_or_default());
            }
            put.send().await?.error_for_status()?;
        }
    }
    let mut figures = Figures::new();
    figures.insert("large_mb".into(), size as f64 / 1_048_576.0);
    figures.insert("large_up_s".into(), started.elapsed().as_secs_f64());
    let started = Instant::now();
    let complete = format!("attachments/{id}/complete/");
    for tries in 1_u32.. {
        let (status, answer) = api.post(&complete, &json!({})).await?;
        if status.is_success() {
            figures.insert("large_complete_tries".into(), f64::from(tries));
            break;
        }
        // What takes long goes on while it is asked for again.
        if status != StatusCode::SERVICE_UNAVAILABLE || started.elapsed() > PATIENCE {
            return Err(format!("the upload did not end: {status} {answer}").into());
        }
        sleep(Duration::from_secs(1)).await;
    }
    figures.insert("large_complete_s".into(), started.elapsed().as_secs_f64());
    let address = format!("{}/api/messaging/attachments/{id}/", cloud.origin);
    let clean = async {
        loop {
            let shown: Value = api.http.get(&address).bearer_auth(api.token).send().await?.json().await?;
            match text(&shown, "/state")? {
                "uploading" | "scanning" => sleep(Duration::from_millis(100)).await,
                "clean" => return Ok(()),
                other => return Err(Failure::from(format!("the large file became {other}"))),
            }
        }
    };
    timeout(PATIENCE, clean).await??;
    figures.insert("large_clean_s".into(), started.elapsed().as_secs_f64());
    Ok(figures)
}
