//! The event of an HTTP request, payload format 2.0.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap};
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};

use super::HttpApi;
use super::routes::Matched;
use crate::gateway::{clock, query};

pub(super) fn event(
    api: &HttpApi,
    parts: &Parts,
    path: &str,
    source_ip: &str,
    matched: &Matched<'_>,
    body: &Bytes,
) -> Bytes {
    let now = clock::epoch_ms();
    let raw_query = parts.uri.query().unwrap_or_default();
    let parameters = query::grouped(query::parameters(raw_query));
    let (cookies, mut headers) = headers(&parts.headers);
    headers.insert("x-forwarded-for".to_owned(), vec![source_ip.to_owned()]);
    headers.insert("x-forwarded-proto".to_owned(), vec!["http".to_owned()]);
    headers.insert("content-length".to_owned(), vec![body.len().to_string()]);
    let route = matched.route;
    let route_key =
        if route.path.is_empty() { route.method.clone() } else { format!("{} {}", route.method, route.path) };
    let agent = headers.get("user-agent").map(|agents| agents.join(",")).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": query::joined(&headers),
        "requestContext": {
            "accountId": crate::loopback::ACCOUNT,
            "apiId": api.id,
            "domainName": format!("{}.execute-api.{}.amazonaws.com", api.id, api.region),
            "domainPrefix": api.id,
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": agent,
            },
            "requestId": crate::gateway::connections::connection_id(),
            "routeKey": route_key,
            "stage": "$default",
            "time": clock::request_time(now),
            "timeEpoch": now,
        },
        "isBase64Encoded": false,
    });
    if let Some(event) = event.as_object_mut() {
        if !cookies.is_empty() {
            event.insert("cookies".to_owned(), Value::from(cookies));
        }
        if !parameters.is_empty() {
            event.insert("queryStringParameters".to_owned(), query::joined(&parameters));
        }
        if !matched.parameters.is_empty() {
            let pairs = matched
                .parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
            event.insert("pathParameters".to_owned(), Value::Object(pairs.collect::<Map<_, _>>()));
        }
        add_body(event, &parts.headers, body);
    }
    Bytes::from(event.to_string())
}

fn headers(headers: &HeaderMap) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let mut grouped = query::grouped(query::headers(headers));
    let cookies = grouped.remove("cookie").unwrap_or_default();
    let cookies = cookies.iter().flat_map(|cookies| cookies.split("; ")).map(str::to_owned).collect();
    (cookies, grouped)
}

/// Text stays text where its type says so and it is UTF-8; all else becomes base64.
fn add_body(event: &mut Map<String, Value>, headers: &HeaderMap, body: &Bytes) {
    if body.is_empty() {
        return;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match std::str::from_utf8(body) {
        Ok(text) if is_text(kind) => event.insert("body".to_owned(), text.into()),
        _ => {
            event.insert("isBase64Encoded".to_owned(), true.into());
            event.insert("body".to_owned(), BASE64.encode(body).into())
        }
    };
}

fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(kind: &'static str, body: &'static [u8]) -> Map<String, Value> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let mut event = Map::new();
        add_body(&mut event, &headers, &Bytes::from_static(body));
        event
    }

    #[test]
    fn json_stays_text_and_bytes_become_base64() {
        assert_eq!(body_of("application/json; charset=utf-8", b"{}")["body"], "{}");
        let binary = body_of("application/octet-stream", b"\x00\xff");
        assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
        assert_eq!(body_of("application/json", b"\xff")["isBase64Encoded"], json!(true));
        assert!(body_of("application/json", b"").is_empty());
    }

    #[test]
    fn cookies_stand_apart_from_the_other_headers() {
        let mut map = HeaderMap::new();
        map.insert(header::COOKIE, "a=1; b=2".parse().unwrap());
        map.append("x-a", "1".parse().unwrap());
        map.append("x-a", "2".parse().unwrap());
        let (cookies, others) = headers(&map);
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(query::joined(&others), json!({"x-a": "1,2"}));
    }
}
