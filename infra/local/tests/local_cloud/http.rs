//! The HTTP API: events, answers, and the gateway's own refusals.

use serde_json::{Value, json};

use crate::stage::{limits, stage, stage_with};

#[tokio::test]
async fn a_request_reaches_its_function_in_payload_format_2() {
    let stage = stage().await;
    let request = stage.http.post(format!("{}/pages/a%20b/?do=show&x=1&x=2", stage.url("http")));
    let request = request.header("cookie", "a=1").header("x-y", "z").json(&json!({"k": "v"}));
    let event: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /pages/{id}");
    assert_eq!(event["rawPath"], "/pages/a%20b");
    assert_eq!(event["rawQueryString"], "do=show&x=1&x=2");
    assert_eq!(event["pathParameters"], json!({"id": "a b"}));
    assert_eq!(event["queryStringParameters"], json!({"do": "show", "x": "1,2"}));
    assert_eq!(event["cookies"], json!(["a=1"]));
    assert_eq!(event["headers"]["x-y"], "z");
    assert_eq!(event["body"], r#"{"k":"v"}"#);
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    assert_eq!(event["requestContext"]["stage"], "$default");
    stage.stop().await;
}

#[tokio::test]
async fn every_failure_has_awss_answer_and_the_next_call_is_served() {
    let stage = stage_with(|options| options.limits = limits(&["body_bytes=1000"])).await;
    for (path, status, message) in [
        ("/nowhere", 404, "Not Found"),
        ("/pages/1?do=error", 500, "Internal Server Error"),
        ("/pages/1?do=crash", 500, "Internal Server Error"),
        ("/pages/1?do=hang", 503, "Service Unavailable"),
        ("/missing", 500, "Internal Server Error"),
    ] {
        let answer = stage.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"message": message}), "{path}");
        assert_eq!(stage.get("/pages/1").await.text().await.unwrap(), "done", "after {path}");
    }
    let post = |bytes: usize| {
        stage.http.post(format!("{}/pages/1", stage.url("http"))).body("x".repeat(bytes)).send()
    };
    assert_eq!(post(1_000).await.unwrap().status(), 200);
    assert_eq!(post(1_001).await.unwrap().status(), 413);
    let long = stage.http.get(format!("{}/pages/1", stage.url("http"))).header("x-long", "y".repeat(11_000));
    assert_eq!(long.send().await.unwrap().status(), 431);
    stage.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_are_answered_as_the_template_allows() {
    let stage = stage().await;
    let ask = |origin: &'static str, method: reqwest::Method| {
        let url = format!("{}/pages/1", stage.url("http"));
        let request = stage.http.request(method, url).header("origin", origin);
        request.header("access-control-request-method", "GET").send()
    };
    let allowed = ask("http://localhost:3000", reqwest::Method::OPTIONS).await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "http://localhost:3000");
    assert_eq!(allowed.headers()["access-control-allow-methods"], "GET");
    let refused = ask("https://evil.example", reqwest::Method::OPTIONS).await.unwrap();
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    let answered = ask("http://localhost:3000", reqwest::Method::GET).await.unwrap();
    assert_eq!(answered.headers()["access-control-allow-origin"], "http://localhost:3000");
    stage.stop().await;
}

#[tokio::test]
async fn the_local_cloud_tells_about_itself() {
    let stage = stage().await;
    stage.get("/pages/1").await;
    let endpoints: Value = stage.get("/_local/endpoints").await.json().await.unwrap();
    assert_eq!(endpoints["http"], stage.url("http"));
    let processes: Value = stage.get("/_local/processes").await.json().await.unwrap();
    let processes = processes["processes"].as_array().unwrap();
    assert!(processes.iter().any(|process| process["name"] == "Pages" && process["pid"].is_u64()));
    assert_eq!(stage.get("/_local/nothing").await.status(), 404);
    stage.stop().await;
}

#[tokio::test]
async fn faults_begin_are_listed_and_end_as_they_are_asked() {
    let stage = stage().await;
    let address = format!("{}/_local/faults", stage.url("http"));
    let http = reqwest::Client::new();
    let begin = async |fault: &Value| http.post(&address).json(fault).send().await.unwrap().status().as_u16();
    let active = async || stage.get("/_local/faults").await.json::<Value>().await.unwrap()["active"].clone();
    let end =
        async |query: &str| http.delete(format!("{address}{query}")).send().await.unwrap().status().as_u16();
    for refused in [
        json!({"name": "dynamodb.explode"}),
        json!({"name": "dynamodb.slow", "rate": 2}),
        json!({"name": "dynamodb.slow", "speed": 1}),
        json!({"name": "function.kill", "function": "nobody"}),
        json!(null),
    ] {
        assert_eq!(begin(&refused).await, 422, "{refused}");
    }
    assert_eq!(active().await, json!([]));
    for name in ["dynamodb.slow", "redis.hang", "stream.late"] {
        assert_eq!(begin(&json!({"name": name, "function": "any"})).await, 201);
    }
    assert_eq!(active().await.as_array().unwrap().len(), 3);
    assert_eq!((end("?nme=redis.hang").await, end("?name=redis.explode").await), (422, 422));
    assert_eq!(end("?name=redis.hang&name=stream.late").await, 204);
    assert_eq!(active().await[0]["name"], "dynamodb.slow");
    assert_eq!((end("").await, active().await), (204, json!([])));
    stage.stop().await;
}
