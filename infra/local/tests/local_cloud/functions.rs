//! Functions as processes: their environment, their number, their end, and calls from other functions.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use crate::stage::{Stage, stage, stage_with};

async fn invoke(stage: &Stage, function: &str, kind: &str, event: &Value) -> Response {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", stage.url("lambda"));
    let request = stage.http.post(url).header("x-amz-invocation-type", kind);
    request.body(event.to_string()).send().await.unwrap()
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to hold");
}

#[tokio::test]
async fn a_function_is_given_what_the_template_says_and_where_aws_is() {
    let stage = stage().await;
    let answer = invoke(&stage, "Sockets", "RequestResponse", &json!({"do": "environment"})).await;
    let answer: Value = answer.json().await.unwrap();
    let environment: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(environment["SHARED"], "yes");
    assert!(environment["OWN"].as_str().unwrap().starts_with("Things/"));
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "Sockets");
    assert_eq!(environment["AWS_ENDPOINT_URL_DYNAMODB"], stage.url("dynamodb"));
    assert_eq!(environment["AWS_ENDPOINT_URL_S3"], stage.url("s3"));
    assert_eq!(environment["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"], stage.url("connections"));
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none());
    stage.stop().await;
}

#[tokio::test]
async fn an_invocation_tells_apart_answers_errors_crashes_and_timeouts() {
    let stage = stage().await;
    let answered = invoke(&stage, "Sockets", "RequestResponse", &json!({})).await;
    assert_eq!(answered.status(), 200);
    assert!(!answered.headers().contains_key("x-amz-function-error"));
    for (instruction, kind, message) in [
        (
            "error",
            "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>",
            "this went wrong",
        ),
        ("crash", "Runtime.ExitError", "exit status"),
        ("hang", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
    ] {
        let failed = invoke(&stage, "Sockets", "RequestResponse", &json!({"do": instruction})).await;
        assert_eq!(failed.status(), 200);
        assert_eq!(failed.headers()["x-amz-function-error"], "Unhandled");
        let error: Value = failed.json().await.unwrap();
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{error}");
        if instruction != "error" {
            assert_eq!(error["errorType"], kind);
        }
    }
    let unknown = invoke(&stage, "Nobody", "RequestResponse", &json!({})).await;
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.headers()["x-amzn-errortype"], "ResourceNotFoundException");
    stage.stop().await;
}

#[tokio::test]
async fn an_asynchronous_event_that_fails_is_repeated_twice() {
    let stage = stage().await;
    let path = stage.folder.path().join("attempts");
    let answer = invoke(&stage, "Sockets", "Event", &json!({"do": "fail", "path": path})).await;
    assert_eq!(answer.status(), 202);
    eventually(|| std::fs::read_to_string(&path).is_ok_and(|attempts| attempts == "xxx")).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_timeout_of_one_invocation_spares_the_others_of_its_process() {
    let stage = stage().await;
    let hang = json!({"do": "hang"});
    let hanging = invoke(&stage, "Sockets", "RequestResponse", &hang);
    let later = async {
        tokio::time::sleep(Duration::from_millis(1_850)).await;
        invoke(&stage, "Sockets", "RequestResponse", &json!({"do": "slow"})).await
    };
    let (hanging, slow) = tokio::join!(hanging, later);
    assert!(hanging.headers().contains_key("x-amz-function-error"));
    assert_eq!(slow.json::<Value>().await.unwrap()["body"], "slow");
    stage.stop().await;
}

#[tokio::test]
async fn isolated_functions_have_a_process_each_that_rests_between_calls() {
    let stage = stage_with(|options| options.is_isolated = true).await;
    let slow = json!({"do": "slow"});
    let side_by_side = [(); 3].map(|()| invoke(&stage, "Sockets", "RequestResponse", &slow));
    for answer in futures::future::join_all(side_by_side).await {
        assert_eq!(answer.json::<Value>().await.unwrap()["body"], "slow");
    }
    let processes: Value = stage.get("/_local/processes").await.json().await.unwrap();
    let pids = |processes: &Value| -> Vec<u64> {
        let all = processes["processes"].as_array().unwrap().iter();
        all.filter(|process| process["name"] == "Sockets")
            .map(|process| process["pid"].as_u64().unwrap())
            .collect()
    };
    let resting = pids(&processes);
    assert_eq!(resting.len(), 3);
    #[cfg(target_os = "linux")]
    eventually(|| {
        resting
            .iter()
            .all(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T "))
    })
    .await;
    let answer: Value =
        invoke(&stage, "Sockets", "RequestResponse", &json!({"do": "pid"})).await.json().await.unwrap();
    assert!(resting.contains(&answer["body"].as_str().unwrap().parse().unwrap()));
    stage.stop().await;
}
