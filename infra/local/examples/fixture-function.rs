//! A function for the tests of the local cloud: it does what its event tells it.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    Runtime::new(service_fn(handle)).run_concurrent().await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let in_query = text("/queryStringParameters/do");
    if text("/type") == Some("REQUEST") {
        return authorize(&event, text("/queryStringParameters/auth").unwrap_or("allow")).await;
    }
    let body: Value = text("/body").and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let instruction = in_query.or_else(|| body.get("do").and_then(Value::as_str)).or_else(|| text("/do"));
    match instruction.unwrap_or("succeed") {
        "show" => Ok(json!({ "statusCode": 200, "body": event.to_string() })),
        "echo" => Ok(json!({ "statusCode": 200, "body": text("/body") })),
        "pid" => Ok(json!({ "statusCode": 200, "body": std::process::id().to_string() })),
        "environment" => {
            let variables: Value = std::env::vars().map(|(name, value)| (name, Value::from(value))).collect();
            Ok(json!({ "statusCode": 200, "body": variables.to_string() }))
        }
        "refuse" => Ok(json!({ "statusCode": 429, "body": "no" })),
        "subprotocol" => Ok(json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "bearer" } })),
        "silence" => Ok(json!({ "statusCode": 200 })),
        "rubbish" => Ok(json!("rubbish")),
        "error" => Err("this went wrong".into()),
        "crash" => std::process::exit(3),
        "hang" => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            Ok(Value::Null)
        }
        "slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(json!({ "statusCode": 200, "body": "slow" }))
        }
        "fail" if let Some(path) = text("/path") => {
            let attempts = std::fs::read_to_string(path).unwrap_or_default();
            std::fs::write(path, attempts + "x")?;
            Err("as told".into())
        }
        "note" if let Some(path) = text("/path") => {
            std::fs::write(path, "noted")?;
            Ok(Value::Null)
        }
        _ => Ok(json!({ "statusCode": 200, "body": "done" })),
    }
}

async fn authorize(event: &Value, auth: &str) -> Result<Value, Error> {
    let effect = match auth {
        "unauthorized" => return Err("Unauthorized".into()),
        "fail" => return Err("broken".into()),
        "rubbish" => return Ok(json!({ "isAuthorized": true })),
        "hang" => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            return Ok(Value::Null);
        }
        "deny" => "Deny",
        _ => "Allow",
    };
    Ok(json!({
        "principalId": "alice",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": event.get("methodArn") }]
        },
        "context": { "user_id": "alice", "count": 5 }
    }))
}
