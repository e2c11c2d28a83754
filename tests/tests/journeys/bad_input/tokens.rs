//! Tokens that are forged, broken or confused.

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parlance_tests::answer::Answer;
use parlance_tests::cloud::Cloud;
use parlance_tests::credentials::{SECRET, claims, claims_with, now, signed, signed_as};
use parlance_tests::person::Person;
use reqwest::Method;
use serde_json::{Value, json};

async fn is_turned_away(person: &Person, why: &str, code: &str) {
    for (method, path) in
        [(Method::GET, "conversations/"), (Method::POST, "messages/"), (Method::POST, "ws/ticket/")]
    {
        let answer = Answer::to(person.request(method, path).json(&json!({}))).await;
        assert_eq!(answer.status, 401, "{why}: {}", answer.text);
        answer.refused(401, code);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{why}");
    }
    let handshake = person.handshake(&format!("/ws/messaging/?token={}", person.token));
    assert_eq!(handshake.refused().await, 401, "{why}");
    let handshake = person.handshake("/ws/messaging/");
    let handshake = handshake.header("sec-websocket-protocol", &format!("bearer, {}", person.token));
    assert_eq!(handshake.refused().await, 401, "{why}");
}

/// The header in front of a signature that is right for it.
fn with_header(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_nobodys() {
    let alice = Cloud::shared().await.person("alice");
    let (good, claims) = (alice.token.clone(), claims(&alice.id));
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let none = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    let others = BASE64URL_NOPAD.encode(claims_with("mallory", &json!({})).to_string().as_bytes());
    let mut flipped = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    flipped[0] ^= 1;
    let hs256 = |extra: Value| {
        let mut header = json!({"alg": "HS256", "typ": "JWT"});
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        with_header(&header, &claims)
    };
    for (why, token) in [
        ("another secret", signed_as(&Header::default(), &claims, &EncodingKey::from_secret(b"guessed"))),
        ("an empty secret", signed_as(&Header::default(), &claims, &EncodingKey::from_secret(b""))),
        ("HS384", signed_as(&Header::new(Algorithm::HS384), &claims, &secret)),
        ("HS512", signed_as(&Header::new(Algorithm::HS512), &claims, &secret)),
        ("alg none", format!("{none}.{payload}.")),
        ("alg none with a signature", format!("{none}.{payload}.{signature}")),
        ("alg nOnE", with_header(&json!({"alg": "nOnE"}), &claims)),
        ("alg RS256 over the secret", with_header(&json!({"alg": "RS256"}), &claims)),
        ("alg in lower case", with_header(&json!({"alg": "hs256"}), &claims)),
        ("alg missing", with_header(&json!({"typ": "JWT"}), &claims)),
        ("alg a list", with_header(&json!({"alg": ["HS256"]}), &claims)),
        ("crit", hs256(json!({"crit": ["exp"]}))),
        ("another payload", format!("{header}.{others}.{signature}")),
        ("a flipped signature", format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&flipped))),
        ("half a signature", format!("{header}.{payload}.{}", &signature[..20])),
        ("no signature", format!("{header}.{payload}.")),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.{signature}")),
        ("padding", format!("{header}.{payload}.{}", BASE64URL.encode(&flipped))),
        ("standard base64", format!("{header}.{payload}.{}", BASE64.encode(&[0xff; 32]))),
        ("dots", "...".to_owned()),
        ("too long", signed(&claims_with(&alice.id, &json!({"filling": "x".repeat(6_500)})))),
        ("claims that are a list", with_header(&json!({"alg": "HS256"}), &json!([1]))),
    ] {
        // A header of HTTP cannot be too long here: the URL of a handshake would be, and that is API Gateway's.
        if why == "too long" {
            alice.showing(token).get("conversations/").await.refused(401, "unauthenticated");
        } else {
            is_turned_away(&alice.showing(token), why, "unauthenticated").await;
        }
    }
    for (why, harmless) in [
        ("a kid", hs256(json!({"kid": "../../dev/null"}))),
        (
            "a key in the header",
            hs256(json!({"jwk": {"kty": "oct", "k": "AA"}, "jku": "http://127.0.0.1:1/"})),
        ),
        ("nothing", good),
    ] {
        let answer = alice.showing(harmless).get("conversations/").await;
        assert_eq!(answer.status, 200, "{why} is not even read: {}", answer.text);
    }
}

#[tokio::test]
async fn claims_that_make_no_sense_are_nobodys() {
    let alice = Cloud::shared().await.person("alice");
    for changes in [
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"exp": (now() + 600).to_string()}),
        json!({"exp": -1}),
        json!({"exp": 1e300}),
        json!({"nbf": "x"}),
        json!({"iat": []}),
        json!({"sub": null}),
    ] {
        let token = signed(&claims_with(&alice.id, &changes));
        is_turned_away(&alice.showing(token), &changes.to_string(), "unauthenticated").await;
    }
    for exp in [json!(0), json!(1), json!(now() - 3_600)] {
        let token = signed(&claims_with(&alice.id, &json!({"exp": exp})));
        is_turned_away(&alice.showing(token), "expired", "token_expired").await;
    }
    for odd in [
        json!({"name": 7}),
        json!({"picture": []}),
        json!({"scope": ""}),
        json!({"locale": "x".repeat(2_000)}),
    ] {
        alice.showing(signed(&claims_with(&alice.id, &odd))).connect().await;
    }
}

#[tokio::test]
async fn a_credential_must_be_a_bearer_token() {
    let alice = Cloud::shared().await.person("alice");
    let with = async |value: String| {
        let request = alice.anonymous(Method::GET, "conversations/").header("authorization", value);
        Answer::to(request).await
    };
    for bad in ["", "Bearer", "Bearer ", "Basic YWxpY2U6cHc=", "Token x", "Bearer a b", "null"] {
        with(bad.to_owned()).await.refused(401, "unauthenticated");
    }
    with(alice.token.clone()).await.refused(401, "unauthenticated");
    for good in [format!("Bearer {}", alice.token), format!("bearer {}", alice.token)] {
        with(good).await.with(200);
    }
}
