//! Bytes, nesting and sizes that no honest client sends.

use parlance_tests::cloud::Cloud;
use parlance_tests::person::Person;
use parlance_tests::socket::Socket;
use serde_json::json;

struct Scene {
    alice: Person,
    bob: Person,
    conversation: String,
    socket: Socket,
}

impl Scene {
    async fn set() -> Self {
        let [alice, bob] = Cloud::shared().await.people(["alice", "bob"]);
        let conversation = alice.direct_with(&bob).await;
        let socket = alice.connect().await;
        Self { alice, bob, conversation, socket }
    }

    /// A message whose content is written by the test itself, as JSON.
    fn body(&self, content: &str) -> String {
        format!(r#"{{"conversation_id":"{}","content":{content}}}"#, self.conversation)
    }

    async fn refuses(&mut self, body: &str, code: &str) {
        let answer = self.alice.post_bytes("messages/", body).await;
        assert_eq!(answer.json()["code"], code, "{}", answer.text);
        let frame = format!(r#"{{"type":"message.send","id":"x","data":{body}}}"#);
        self.socket.send_in_frames(&frame, 30_000).await;
        // A frame that cannot be read has no id that could be told.
        let id = (code != "malformed").then_some("x");
        let nack = self.socket.answer(id).await;
        assert_eq!((&nack["type"], &nack["error"]["code"]), (&json!("nack"), &json!(code)), "{nack}");
    }

    async fn has_stored(&mut self, contents: &[&str]) {
        assert_eq!(self.bob.contents(&self.conversation).await, contents);
    }
}

#[tokio::test]
async fn lone_surrogates_are_no_text() {
    let mut scene = Scene::set().await;
    for bad in
        [r#""\ud800""#, r#""\udc00 first""#, r#""\ud83d\u0041""#, r#""\ud83d""#, r#""\u12""#, r#""\x41""#]
    {
        scene.refuses(&scene.body(bad), "malformed").await;
    }
    let pair = scene.body(r#""\ud83d\ude00""#);
    scene.alice.post_bytes("messages/", pair).await.with(201);
    scene.has_stored(&["😀"]).await;
}

#[tokio::test]
async fn broken_json_is_malformed() {
    let mut scene = Scene::set().await;
    for bad in ["\"x\"", "\"x\",}", "x", "\"a\u{1}b\"", "NaN", "01", "\"x\"}}", "'x'", "\"x\" // comment"] {
        let body = scene.body(bad);
        let body = if bad == "\"x\"" { &body[..body.len() - 1] } else { &body };
        scene.refuses(body, "malformed").await;
    }
    let body = scene.body(r#""whole""#);
    scene.alice.post_bytes("messages/", body).await.with(201);
    scene.has_stored(&["whole"]).await;
}

#[tokio::test]
async fn json_that_is_nested_too_deeply_is_malformed() {
    let mut scene = Scene::set().await;
    for depth in [200, 5_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let body = format!(
            r#"{{"conversation_id":"{}","content":"x","metadata":{{"a":{nested}}}}}"#,
            scene.conversation
        );
        scene.refuses(&body, "malformed").await;
        let objects = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let body =
            format!(r#"{{"conversation_id":"{}","content":"x","metadata":{objects}}}"#, scene.conversation);
        scene.refuses(&body, "malformed").await;
    }
    scene.alice.says(&scene.conversation, "flat").await;
    scene.has_stored(&["flat"]).await;
}

#[tokio::test]
async fn bytes_that_are_no_utf8_are_malformed() {
    let mut scene = Scene::set().await;
    for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"caf\xe9", b"\xe2\x82"] {
        let mut body = scene.body("\"").into_bytes();
        body.pop();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\"}");
        scene.alice.post_bytes("messages/", body.clone()).await.refused(400, "malformed");
        let mut frame = br#"{"type":"message.send","id":"x","data":"#.to_vec();
        frame.extend_from_slice(&body);
        frame.push(b'}');
        let mut socket = scene.alice.connect().await;
        socket.send_text_bytes(frame).await;
        assert_eq!(socket.closed().await, 1_007, "no text frame by RFC 6455");
    }
    scene.alice.says(&scene.conversation, "café").await;
    scene.has_stored(&["café"]).await;
}

#[tokio::test]
async fn an_event_that_would_not_fit_into_one_frame_is_too_large() {
    let mut scene = Scene::set().await;
    // Six bytes each in JSON: short as a text, long as an event.
    let body = scene.body(&format!("\"{}\"", r"\u0001".repeat(6_000)));
    scene.refuses(&body, "too_large").await;
    let body = scene.body(&format!("\"{}\"", r"\u0001".repeat(4_000)));
    scene.alice.post_bytes("messages/", body).await.with(201);
    scene.has_stored(&[&"\u{1}".repeat(4_000)]).await;
}

#[tokio::test]
async fn a_message_between_32_and_128_kilobytes_is_refused_and_the_socket_stays_open() {
    let mut scene = Scene::set().await;
    let body = scene.body(r#""padded","filling":""#);
    let padded = |size: usize| {
        let (start, end) = (body.trim_end_matches('}'), "\"}");
        format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()))
    };
    let frame = format!(r#"{{"type":"message.send","id":"x","data":{}}}"#, padded(64 * 1_024));
    scene.socket.send_in_frames(&frame, 30_000).await;
    let nack = scene.socket.answer(Some("x")).await;
    assert_eq!(nack["error"]["code"], "too_large", "{nack}");
    let frame = format!(r#"{{"type":"message.send","id":"y","data":{}}}"#, padded(31 * 1_024));
    scene.socket.send(frame).await;
    assert_eq!(scene.socket.answer(Some("y")).await["type"], "ack");
    scene.has_stored(&["padded"]).await;
}

#[tokio::test]
async fn a_body_beyond_a_megabyte_is_too_large() {
    let mut scene = Scene::set().await;
    let filling = format!("{{\"filling\":\"{}\"}}", "x".repeat(1_024 * 1_024));
    scene.alice.post_bytes("messages/", filling).await.refused(413, "too_large");
    scene.alice.says(&scene.conversation, "small").await;
    scene.has_stored(&["small"]).await;
}
