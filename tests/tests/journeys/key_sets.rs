//! Tokens of an issuer that publishes its keys.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parlance_tests::cloud::{Cloud, Setup};
use parlance_tests::credentials::{SECRET, claims_with, now, signed, signed_as};
use parlance_tests::issuer::{Issuer, KEY_ID, PUBLIC_KEY, signed_with_key};
use parlance_tests::person::Person;
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "parlance";

async fn trusting(issuer: &Issuer) -> Cloud {
    let setup = Setup::default().environment("JWT_JWKS_URL", &issuer.url);
    setup.environment("JWT_ISSUER", ISSUER).environment("JWT_AUDIENCE", AUDIENCE).start().await
}

fn claims(user: &str) -> Value {
    claims_with(user, &json!({"iss": ISSUER, "aud": [AUDIENCE, "others"]}))
}

async fn is_let_in(person: &Person) {
    person.get("conversations/").await.with(200);
    person.connect().await;
}

async fn is_turned_away(person: &Person, why: &str) {
    let answer = person.get("conversations/").await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    answer.refused(401, "unauthenticated");
    let handshake = person.handshake(&format!("/ws/messaging/?token={}", person.token));
    assert_eq!(handshake.refused().await, 401, "{why}");
}

#[tokio::test]
async fn tokens_of_the_issuer_are_good_and_nothing_that_looks_like_them_is() {
    let issuer = Issuer::start().await;
    let cloud = trusting(&issuer).await;
    let alice = cloud.person("alice");
    let good = claims(&alice.id);
    is_let_in(&alice.showing(signed_with_key(&good, Some(KEY_ID)))).await;
    is_let_in(&alice.showing(signed(&good))).await;

    let with = |changes: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    };
    let confused = |kid: Option<&str>| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        signed_as(&header, &good, &EncodingKey::from_secret(PUBLIC_KEY))
    };
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    let other_digest = signed_as(&Header::new(Algorithm::HS512), &good, &secret);
    let renamed = |from: &str, header: Value| {
        let (_, rest) = from.split_once('.').unwrap();
        format!("{}.{rest}", BASE64URL_NOPAD.encode(header.to_string().as_bytes()))
    };
    let by_key = signed_with_key(&good, Some(KEY_ID));
    for (why, token) in [
        ("another issuer", signed_with_key(&with(json!({"iss": "https://evil.example"})), Some(KEY_ID))),
        ("another audience", signed_with_key(&with(json!({"aud": "others"})), Some(KEY_ID))),
        ("no audience", signed_with_key(&with(json!({"aud": []})), Some(KEY_ID))),
        ("another issuer, shared secret", signed(&with(json!({"iss": "https://evil.example"})))),
        ("the public key as a secret", confused(None)),
        ("the public key as a secret, and its id", confused(Some(KEY_ID))),
        ("another digest", other_digest),
        ("an unknown key", signed_with_key(&good, Some("second"))),
        ("a key by path", signed_with_key(&good, Some("../../first"))),
        ("a key by injection", signed_with_key(&good, Some("first' OR '1'='1"))),
        ("RS256 said to be HS256", renamed(&by_key, json!({"alg": "HS256", "kid": KEY_ID}))),
        ("RS256 said to be none", renamed(&by_key, json!({"alg": "none"}))),
        ("RS256 said to be EdDSA", renamed(&by_key, json!({"alg": "EdDSA", "kid": KEY_ID}))),
        ("HS256 said to be RS256", renamed(&signed(&good), json!({"alg": "RS256", "kid": KEY_ID}))),
    ] {
        is_turned_away(&alice.showing(token), why).await;
    }
    let expired = signed_with_key(&with(json!({"exp": now() - 61})), Some(KEY_ID));
    alice.showing(expired).get("conversations/").await.refused(401, "token_expired");
    is_let_in(&alice.showing(by_key)).await;
    assert!(issuer.fetches() <= 2, "unknown keys do not make the issuer's door be knocked at");
}
