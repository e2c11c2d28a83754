//! Answers: what a function returned, and what API Gateway says itself.

use data_encoding::BASE64;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proxied {
    #[serde(default)]
    status_code: Option<u16>,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// `{"message": …}`, as API Gateway answers for itself.
pub fn own(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(json!({ "message": message }).to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A function's answer; none if it has not the form that is asked of it. Without `statusCode` the whole JSON is the body.
pub(super) fn proxied(payload: &Bytes) -> Option<Response<Full<Bytes>>> {
    let read = serde_json::from_slice::<Proxied>(payload).ok();
    let Some((status, proxied)) = read.and_then(|proxied| Some((proxied.status_code?, proxied))) else {
        return without_status(payload);
    };
    let body = proxied.body.unwrap_or_default();
    let body =
        if proxied.is_base64_encoded { BASE64.decode(body.as_bytes()).ok()? } else { body.into_bytes() };
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    for (name, value) in proxied.headers.iter().flatten() {
        headers.insert(name.parse::<HeaderName>().ok()?, header_value(value)?);
    }
    for (name, values) in proxied.multi_value_headers.iter().flatten() {
        let name = name.parse::<HeaderName>().ok()?;
        headers.remove(&name);
        for value in values.as_array()? {
            headers.append(name.clone(), header_value(value)?);
        }
    }
    for cookie in proxied.cookies.iter().flatten() {
        headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie).ok()?);
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    Some(answer)
}

fn without_status(payload: &Bytes) -> Option<Response<Full<Bytes>>> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value.get("statusCode").is_some() {
        return None;
    }
    let mut answer = Response::new(Full::new(payload.clone()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(answer)
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_str(text).ok(),
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &Value) -> Option<Response<Full<Bytes>>> {
        proxied(&Bytes::from(payload.to_string()))
    }

    #[test]
    fn a_functions_status_headers_and_cookies_reach_the_client() {
        let answer = answer(&json!({
            "statusCode": 201, "headers": {"content-type": "application/json", "X-N": 5},
            "cookies": ["a=1", "b=2"], "body": "{}"
        }))
        .unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["x-n"], "5");
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn an_answer_without_status_is_the_body() {
        assert_eq!(answer(&json!({"a": 1})).unwrap().status(), 200);
    }

    #[test]
    fn rubbish_is_no_answer() {
        assert!(proxied(&Bytes::from_static(b"rubbish")).is_none());
        for payload in [
            json!({"statusCode": "two hundred"}),
            json!({"statusCode": 99_999}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"bad name": "x"}}),
        ] {
            assert!(answer(&payload).is_none(), "{payload}");
        }
    }
}
