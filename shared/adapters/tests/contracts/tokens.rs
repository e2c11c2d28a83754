//! Verifying tokens: what is accepted, and every way of forging one that is not.

use std::{sync::atomic::Ordering, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use parlance_adapters::Adapters;
use parlance_application::ports::identity::{Identity, TokenRefusal, TokenVerifier};
use parlance_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{
    issuer::{KeySetServer, NOW, claims, token},
    servers::Tables,
};

const SECRET: &str = "a secret of this test, long enough";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1000)
}

fn shared() -> EncodingKey {
    EncodingKey::from_secret(SECRET.as_bytes())
}

fn pem(name: &str) -> (Algorithm, EncodingKey) {
    match name {
        "rsa" => (Algorithm::RS256, EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")).unwrap()),
        "ec" => (Algorithm::ES256, EncodingKey::from_ec_pem(include_bytes!("keys/ec.pem")).unwrap()),
        _ => (Algorithm::EdDSA, EncodingKey::from_ed_pem(include_bytes!("keys/ed.pem")).unwrap()),
    }
}

fn key_set() -> Value {
    serde_json::from_str(include_str!("keys/key_set.json")).unwrap()
}

/// Tables, a verifier of both kinds of tokens, and the issuer's server; the set is stored already.
async fn stage() -> (Tables, std::sync::Arc<dyn TokenVerifier>, KeySetServer) {
    let (tables, issuer) = (Tables::start().await, KeySetServer::start(key_set()).await);
    let adapters = Adapters::new(tables.configuration(&[
        ("JWT_SECRET", SECRET),
        ("JWT_JWKS_URL", &issuer.url),
        ("JWT_ISSUER", "https://issuer.example"),
        ("JWT_AUDIENCE", "messaging"),
    ]));
    adapters.key_refresher().unwrap().unwrap().refresh().await.unwrap();
    let verifier = adapters.token_verifier().unwrap();
    (tables, verifier, issuer)
}

fn header(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "typ": "JWT", "kid": kid})
}

fn hs256(claims: &Value) -> String {
    token(&json!({"alg": "HS256"}), claims, Algorithm::HS256, &shared())
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

async fn accepted(verifier: &dyn TokenVerifier, token: &str) -> Identity {
    verifier.verify(token, now()).await.unwrap()
}

async fn assert_invalid(verifier: &dyn TokenVerifier, token: &str, why: &str) {
    let outcome = verifier.verify(token, now()).await;
    assert!(matches!(outcome, Err(TokenRefusal::Invalid)), "{why}: {outcome:?}");
}

#[tokio::test]
async fn a_token_of_every_configured_key_is_accepted() {
    let (_tables, verifier, _issuer) = stage().await;
    let identity = accepted(&*verifier, &hs256(&claims())).await;
    assert_eq!(identity.user.as_str(), "alice");
    assert_eq!(identity.expires_at, now().plus(Duration::from_secs(660)), "with the leeway");
    assert!(!identity.is_service && !identity.is_admin);
    for name in ["rsa", "ec", "ed"] {
        let (algorithm, key) = pem(name);
        let alg = format!("{algorithm:?}");
        let good = token(&header(&alg, name), &claims(), algorithm, &key);
        assert_eq!(accepted(&*verifier, &good).await, identity);
        let (rest, _) = good.rsplit_once('.').unwrap();
        let forged = token(&header(&alg, name), &with("sub", json!("eve")), algorithm, &key);
        let (_, signature) = forged.rsplit_once('.').unwrap();
        assert_invalid(&*verifier, &format!("{rest}.{signature}"), "the signature of another token").await;
    }
    let mut rich = with("scope", json!("profile messaging:service messaging:admin"));
    (rich["name"], rich["picture"], rich["locale"]) = (json!("Alice"), json!(7), json!("de"));
    let identity = accepted(&*verifier, &hs256(&rich)).await;
    assert!(identity.is_service && identity.is_admin);
    assert_eq!(identity.profile.name.as_deref(), Some("Alice"));
    assert_eq!((identity.profile.picture, identity.profile.locale.as_deref()), (None, Some("de")));
}

#[tokio::test]
async fn neither_algorithm_nor_key_comes_from_the_token() {
    let (_tables, verifier, _issuer) = stage().await;
    let (algorithm, rsa) = pem("rsa");
    let unsigned = |alg: &str| {
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        format!("{}.{}.", part(json!({"alg": alg})), part(claims()))
    };
    for alg in ["none", "None", "NONE", "", "HS256"] {
        assert_invalid(&*verifier, &unsigned(alg), alg).await;
    }
    // The public key as an HMAC secret, in every form that an implementation might hold it.
    let modulus = key_set()["keys"][0]["n"].as_str().unwrap().to_owned();
    for secret in [modulus.as_bytes().to_vec(), BASE64URL_NOPAD.decode(modulus.as_bytes()).unwrap()] {
        let key = EncodingKey::from_secret(&secret);
        let forged = token(&header("HS256", "rsa"), &claims(), Algorithm::HS256, &key);
        assert_invalid(&*verifier, &forged, "the public key as a secret").await;
    }
    let oct = EncodingKey::from_secret(b"secret");
    let forged = token(&header("HS256", "oct"), &claims(), Algorithm::HS256, &oct);
    assert_invalid(&*verifier, &forged, "a symmetric key of the set").await;
    for kid in ["encryption", "rs512", "RSA", "rsa ", "../rsa", "ec", "ed", "", "missing"] {
        let forged = token(&header("RS256", kid), &claims(), algorithm, &rsa);
        assert_invalid(&*verifier, &forged, kid).await;
    }
    let forged = token(&json!({"alg": "RS256"}), &claims(), algorithm, &rsa);
    assert_invalid(&*verifier, &forged, "no kid").await;
    let forged = token(&header("PS256", "rsa"), &claims(), algorithm, &rsa);
    assert_invalid(&*verifier, &forged, "another algorithm than the key's").await;
    let (algorithm, ec) = pem("ec");
    let forged = token(&header("ES256", "twice"), &claims(), algorithm, &ec);
    assert_invalid(&*verifier, &forged, "an id of two keys").await;
    let mut critical = json!({"alg": "HS256", "crit": ["exp"]});
    let forged = token(&critical, &claims(), Algorithm::HS256, &shared());
    assert_invalid(&*verifier, &forged, "crit").await;
    critical = json!({"alg": "HS256", "jwk": key_set()["keys"][0], "jku": "https://evil.example"});
    accepted(&*verifier, &token(&critical, &claims(), Algorithm::HS256, &shared())).await;
    let other = EncodingKey::from_secret(b"another secret");
    let forged = token(&json!({"alg": "HS256"}), &claims(), Algorithm::HS256, &other);
    assert_invalid(&*verifier, &forged, "another secret").await;
}

#[tokio::test]
async fn the_form_is_strict() {
    let (_tables, verifier, _issuer) = stage().await;
    let good = hs256(&claims());
    accepted(&*verifier, &good).await;
    for (bad, why) in [
        (String::new(), "empty"),
        ("..".to_owned(), "empty parts"),
        (good.replace('.', ""), "one part"),
        (format!("{good}."), "four parts"),
        (format!("{good}="), "padding"),
        (format!(" {good}"), "a space in front"),
        (format!("{good}\n"), "a line end"),
        (good.replacen('.', "+.", 1), "another alphabet"),
        (good.rsplit_once('.').unwrap().0.to_owned(), "no signature"),
    ] {
        assert_invalid(&*verifier, &bad, why).await;
    }
    let last = good.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() ^ 1).unwrap();
    let other_spelling = format!("{}{next}", &good[..good.len() - 1]);
    assert_invalid(&*verifier, &other_spelling, "the same bytes spelled otherwise").await;
    accepted(&*verifier, &hs256(&with("pad", json!("x".repeat(5000))))).await;
    let long = hs256(&with("pad", json!("x".repeat(8000))));
    assert_invalid(&*verifier, &long, "more than 8 KB").await;
}

#[tokio::test]
async fn claims_are_checked_with_leeway() {
    let (_tables, verifier, _issuer) = stage().await;
    let invalid = [
        without("exp"),
        with("exp", json!("soon")),
        with("exp", json!(null)),
        with("exp", json!(-1)),
        with("exp", json!(1e300)),
        without("sub"),
        with("sub", json!("")),
        with("sub", json!(7)),
        with("sub", json!("a\u{0}b")),
        with("sub", json!("x".repeat(129))),
        with("nbf", json!(NOW + 61)),
        with("nbf", json!("now")),
        with("iat", json!(NOW + 61)),
        without("iss"),
        with("iss", json!("https://issuer.example/")),
        with("iss", json!(["https://issuer.example"])),
        without("aud"),
        with("aud", json!("other")),
        with("aud", json!([])),
        with("aud", json!(["Messaging"])),
    ];
    for claims in invalid {
        assert_invalid(&*verifier, &hs256(&claims), &claims.to_string()).await;
    }
    let valid = [
        with("exp", json!(NOW - 59)),
        with("exp", json!(f64::from(u32::try_from(NOW).unwrap()) + 0.5)),
        with("nbf", json!(NOW + 60)),
        with("iat", json!(NOW + 60)),
        with("aud", json!("messaging")),
        with("sub", json!("a#b%c é")),
        with("sub", json!("x".repeat(128))),
    ];
    for claims in valid {
        accepted(&*verifier, &hs256(&claims)).await;
    }
    let expired = verifier.verify(&hs256(&with("exp", json!(NOW - 60))), now()).await;
    assert!(matches!(expired, Err(TokenRefusal::Expired)), "{expired:?}");
    let mut both = with("exp", json!(NOW - 60));
    both["iss"] = json!("https://evil.example");
    assert_invalid(&*verifier, &hs256(&both), "what is not ours is not told that it expired").await;
}

#[tokio::test]
async fn a_set_is_fetched_once_a_minute_and_only_over_tls_or_from_this_host() {
    let (tables, _verifier, issuer) = stage().await;
    assert_eq!(issuer.requests.load(Ordering::SeqCst), 1);
    let configuration =
        tables.configuration(&[("JWT_JWKS_URL", &issuer.url), ("JWT_ISSUER", "https://issuer.example")]);
    let again = Adapters::new(configuration).key_refresher().unwrap().unwrap();
    again.refresh().await.unwrap();
    assert_eq!(issuer.requests.load(Ordering::SeqCst), 1, "the stored set is fresh");
    for url in ["http://issuer.example/jwks.json", "ftp://127.0.0.1/", "http://127.0.0.1.example/"] {
        let configuration = tables.configuration(&[("JWT_JWKS_URL", url)]);
        assert!(Adapters::new(configuration).key_refresher().is_err(), "{url}");
    }
    let empty = KeySetServer::start(json!({"keys": []})).await;
    let configuration = tables.configuration(&[("JWT_JWKS_URL", &empty.url)]);
    let refusal = Adapters::new(configuration).key_refresher().unwrap().unwrap().refresh().await;
    assert!(refusal.is_err(), "a set without a usable key replaces nothing");
}

#[tokio::test]
async fn an_unknown_key_finds_the_set_that_was_stored_meanwhile() {
    let (tables, issuer) = (Tables::start().await, KeySetServer::start(key_set()).await);
    let configuration = tables.configuration(&[("JWT_JWKS_URL", &issuer.url)]);
    let adapters = Adapters::new(configuration);
    let verifier = adapters.token_verifier().unwrap();
    let (algorithm, key) = pem("ed");
    let token = token(&header("EdDSA", "ed"), &claims(), algorithm, &key);
    assert_invalid(&*verifier, &token, "nothing is stored yet").await;
    adapters.key_refresher().unwrap().unwrap().refresh().await.unwrap();
    assert_invalid(&*verifier, &token, "within the same minute the table is not read again").await;
    let later = now().plus(Duration::from_secs(61));
    verifier.verify(&token, later).await.unwrap();
    let shared = hs256(&claims());
    assert_invalid(&*verifier, &shared, "no secret is configured").await;
}
