//! Every field of a message, wrong in every way.

use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use reqwest::Method;
use serde_json::{Value, json};

/// Two people, a conversation, and one of theirs that is somebody else's business.
struct Scene {
    alice: Person,
    bob: Person,
    conversation: String,
    socket: Socket,
    good: u64,
}

impl Scene {
    async fn set() -> Self {
        let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
        let conversation = alice.direct_with(&bob).await;
        let socket = alice.connect().await;
        Self { alice, bob, conversation, socket, good: 0 }
    }

    fn fixture(&self) -> Value {
        json!({"conversation_id": self.conversation, "content": "good"})
    }

    fn with(&self, field: &str, value: &Value) -> Value {
        let mut message = self.fixture();
        message[field] = value.clone();
        message
    }

    /// The same refusal whichever way the message comes.
    async fn refuses(&mut self, message: &Value, code: &str) -> Value {
        let nack = self.socket.request("message.send", message).await;
        assert_eq!(
            (&nack["type"], &nack["error"]["code"]),
            (&json!("nack"), &json!(code)),
            "{message}: {nack}"
        );
        let answer = self.alice.post("messages/", message).await;
        assert_eq!(answer.json()["code"], code, "{message}: {}", answer.text);
        let status = u16::try_from(nack["error"]["status"].as_u64().unwrap()).unwrap();
        let mut problem = answer.refused(status, code);
        assert_eq!(
            problem.as_object_mut().unwrap().remove("type").unwrap(),
            format!("urn:parlance:problem:{code}")
        );
        assert_eq!(problem, nack["error"], "the same in both worlds");
        problem
    }

    /// The same refusal, which points at the field.
    async fn refuses_field(&mut self, field: &str, value: &Value) {
        let problem = self.refuses(&self.with(field, value), "validation_failed").await;
        let errors = problem["errors"].as_array().unwrap();
        let at = format!("/{field}");
        assert!(
            errors.iter().all(|error| error["pointer"].as_str().unwrap().starts_with(&at)),
            "{value}: {problem}"
        );
    }

    /// A good one goes through both ways, and nothing else has.
    async fn takes(&mut self, message: &Value) {
        self.socket.acked("message.send", message).await;
        self.alice.post("messages/", message).await.with(201);
        self.good += 2;
        assert_eq!(self.bob.log(&self.conversation).await.len() as u64, 1 + self.good);
    }
}

#[tokio::test]
async fn a_content_must_be_a_text_that_says_something_in_16_kilobytes() {
    let mut scene = Scene::set().await;
    let too_long = "x".repeat(16 * 1_024 + 1);
    for bad in [
        json!(null),
        json!(7),
        json!(true),
        json!([]),
        json!({}),
        json!(["x"]),
        json!(""),
        json!(" \n\t\u{2003}"),
        json!("nul\u{0}byte"),
        json!(too_long),
        json!("ü".repeat(8 * 1_024) + "x"),
    ] {
        scene.refuses_field("content", &bad).await;
    }
    let missing = json!({"conversation_id": scene.conversation});
    scene.refuses(&missing, "validation_failed").await;
    scene.takes(&scene.with("content", &json!(too_long[1..]))).await;
}

#[tokio::test]
async fn a_conversation_must_be_named_and_be_ones_own() {
    let mut scene = Scene::set().await;
    for bad in [json!(null), json!(7), json!([]), json!({"id": scene.conversation})] {
        scene.refuses_field("conversation_id", &bad).await;
    }
    scene.refuses(&json!({"content": "where to?"}), "validation_failed").await;
    let [carol, dave] = Cloud::shared().await.people(["carol", "dave"]);
    let foreign = carol.direct_with(&dave).await;
    for absent in [
        "",
        "nonsense",
        "c_",
        "c_#META",
        "../../etc/passwd",
        "c_\u{0}",
        &"c".repeat(20_000),
        &format!("c_{}", "0".repeat(26)),
        &scene.conversation.to_uppercase(),
        &format!("{} ", scene.conversation),
        &foreign,
    ] {
        scene.refuses(&scene.with("conversation_id", &json!(absent)), "not_found").await;
    }
    assert!(carol.contents(&foreign).await.is_empty());
    carol.says(&foreign, "ours").await;
    scene.takes(&scene.fixture()).await;
}

#[tokio::test]
async fn a_client_id_is_short_printable_ascii() {
    let mut scene = Scene::set().await;
    for bad in [
        json!(7),
        json!([]),
        json!({}),
        json!(false),
        json!(""),
        json!("x".repeat(65)),
        json!("ü"),
        json!("a\nb"),
        json!("a\u{0}b"),
        json!("a\u{7f}"),
    ] {
        scene.refuses_field("client_id", &bad).await;
        let mut with_after = scene.with("client_id", &bad);
        with_after["after"] = 1.into();
        scene.refuses(&with_after, "validation_failed").await;
    }
    scene.takes(&scene.with("client_id", &json!(null))).await;
    let longest = format!("#%/ {}", "~".repeat(60));
    scene.socket.acked("message.send", &scene.with("client_id", &json!(longest))).await;
}

#[tokio::test]
async fn a_cursor_is_a_position_of_the_log() {
    let mut scene = Scene::set().await;
    for bad in [json!("1"), json!(-1), json!(1.5), json!(true), json!([1]), json!({}), json!(1e30)] {
        scene.refuses_field("after", &bad).await;
    }
    for beyond in [json!(99), json!(1_000_000_000_000_u64), json!(u64::MAX)] {
        scene.refuses(&scene.with("after", &beyond), "out_of_date").await;
    }
    for good in [json!(null), json!(0), json!(1)] {
        scene.takes(&scene.with("after", &good)).await;
    }
}

#[tokio::test]
async fn lists_hold_what_they_should_and_not_too_much() {
    let mut scene = Scene::set().await;
    let unknown = format!("a_{}", "0".repeat(26));
    for bad in [json!(7), json!("x"), json!({}), json!([7]), json!([null]), json!([["x"]])] {
        scene.refuses_field("mentions", &bad).await;
        scene.refuses_field("attachments", &bad).await;
    }
    for bad in [json!([""]), json!(["x".repeat(129)]), json!(["a\u{0}"]), json!(vec!["x"; 51])] {
        scene.refuses_field("mentions", &bad).await;
    }
    for bad in [json!(["nonsense"]), json!([scene.conversation]), json!([unknown]), json!(vec![&unknown; 11])]
    {
        scene.refuses_field("attachments", &bad).await;
    }
    scene.takes(&scene.with("attachments", &json!([]))).await;
    scene.takes(&scene.with("mentions", &json!(vec![&scene.bob.id; 50]))).await;
}

#[tokio::test]
async fn an_answer_is_to_a_message_of_the_same_conversation() {
    let mut scene = Scene::set().await;
    let here = scene.alice.says(&scene.conversation, "here").await["id"].as_str().unwrap().to_owned();
    scene.good += 1;
    let elsewhere = scene.alice.group_with([&scene.bob]).await;
    let elsewhere = scene.alice.says(&elsewhere, "elsewhere").await["id"].clone();
    let (front, _) = here.rsplit_once('_').unwrap();
    for field in ["reply_to", "thread_id"] {
        for bad in [
            json!(7),
            json!([]),
            json!({}),
            json!(""),
            json!("nonsense"),
            json!(front),
            json!(format!("{front}_")),
            json!(format!("{front}_74")),
            json!(scene.conversation),
            elsewhere.clone(),
        ] {
            scene.refuses_field(field, &bad).await;
        }
        scene.takes(&scene.with(field, &json!(here))).await;
        scene.takes(&scene.with(field, &json!(null))).await;
    }
}

#[tokio::test]
async fn a_kind_is_one_of_the_known_ones() {
    let mut scene = Scene::set().await;
    for bad in [json!(7), json!([]), json!(""), json!("TEXT"), json!("video"), json!("text\u{0}")] {
        scene.refuses_field("kind", &bad).await;
    }
    scene.takes(&scene.with("kind", &json!("text"))).await;
}

#[tokio::test]
async fn metadata_is_a_small_object() {
    let mut scene = Scene::set().await;
    let of_size = |size: usize| json!({"a": "x".repeat(size - r#"{"a":""}"#.len())});
    for bad in [json!(7), json!("x"), json!([]), json!(true), of_size(4 * 1_024 + 1)] {
        scene.refuses_field("metadata", &bad).await;
    }
    for good in [json!(null), json!({}), of_size(4 * 1_024), json!({"deep": nested(100), "nul": "\u{0}"})] {
        scene.takes(&scene.with("metadata", &good)).await;
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_passed_over() {
    let mut scene = Scene::set().await;
    for field in ["sender_id", "seq", "n", "__proto__", "", "created_at", "id"] {
        let good = scene.with(field, &json!("mallory"));
        let ack = scene.socket.acked("message.send", &good).await;
        assert_eq!(ack["data"]["message"]["sender_id"], scene.alice.id.as_str());
        scene.good += 1;
    }
    scene.takes(&scene.fixture()).await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let mut scene = Scene::set().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"]
    {
        let request = scene.alice.request(Method::POST, "messages/").header("content-type", kind);
        let answer = Answer::to(request.body(scene.fixture().to_string())).await;
        answer.refused(415, "unsupported_media_type");
    }
    for body in ["", "null", "7", "\"x\"", "[]", "[{}]"] {
        let answer = scene.alice.post_bytes("messages/", body).await;
        let (status, code) = if body.is_empty() { (400, "malformed") } else { (422, "validation_failed") };
        answer.refused(status, code);
    }
    scene.takes(&scene.fixture()).await;
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}
