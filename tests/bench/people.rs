//! The users of a load: their tokens, and the conversations that they are in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Failure, cloud::Cloud};

/// One user.
#[derive(Debug, Clone)]
pub struct Person {
    /// His id.
    pub name: String,
    /// His token.
    pub token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    exp: u64,
}

impl Person {
    /// Somebody with a token for a day.
    pub fn new(cloud: &Cloud, name: String) -> Result<Self, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let key = EncodingKey::from_secret(cloud.secret.as_bytes());
        let token = encode(&Header::new(Algorithm::HS256), &Claims { sub: &name, exp: now + 86_400 }, &key)?;
        Ok(Self { name, token })
    }
}

/// A conversation and its members, the first of whom created it.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Who is in it.
    pub members: Vec<Person>,
    /// Where its log ends.
    pub head: u64,
}

/// Creates `count` conversations of `size` members each, nobody in two of them.
pub async fn groups(cloud: &Cloud, count: usize, size: usize) -> Result<Vec<Group>, Failure> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let run = rand::random::<u32>();
    stream::iter(0..count)
        .map(|group| {
            let http = http.clone();
            async move {
                let names = (0..size).map(|member| format!("bench-{run:x}-{group}-{member}"));
                let members: Vec<Person> =
                    names.map(|name| Person::new(cloud, name)).collect::<Result<_, _>>()?;
                let creator = members.first().ok_or("a group has members")?;
                let others: Vec<_> = members.iter().skip(1).map(|person| person.name.as_str()).collect();
                let body = json!({"title": format!("Bench {group}"), "participant_ids": others});
                let created = http
                    .post(format!("{}/api/messaging/conversations/", cloud.origin))
                    .bearer_auth(&creator.token)
                    .json(&body)
                    .send()
                    .await?;
                let status = created.status();
                let created: Value = created.json().await?;
                let id = created.get("id").and_then(Value::as_str);
                let id = id.ok_or_else(|| format!("a conversation was not created: {status} {created}"))?;
                let head =
                    created.get("head_seq").and_then(Value::as_u64).ok_or("a conversation without an end")?;
                Ok::<_, Failure>(Group { id: id.to_owned(), members, head })
            }
        })
        .buffer_unordered(8)
        .try_collect()
        .await
}

/// Creates a conversation of `size` members: a thousand at once, the others one by one.
pub async fn large_group(cloud: &Cloud, size: usize) -> Result<Group, Failure> {
    let mut group = groups(cloud, 1, size.min(1_000)).await?.into_iter().next().ok_or("no conversation")?;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).tcp_nodelay(true).build()?;
    let creator = group.members.first().ok_or("a group has members")?.clone();
    let run = rand::random::<u32>();
    for member in group.members.len()..size {
        let person = Person::new(cloud, format!("bench-{run:x}-late-{member}"))?;
        http.post(format!("{}/api/messaging/conversations/{}/add_participant/", cloud.origin, group.id))
            .bearer_auth(&creator.token)
            .json(&json!({"user_id": person.name}))
            .send()
            .await?
            .error_for_status()?;
        group.members.push(person);
        group.head += 1;
    }
    Ok(group)
}
