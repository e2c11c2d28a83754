//! What a token says, once its signature is known to be good.

use std::time::Duration;

use parlance_application::ports::identity::{Identity, ProfileClaims, TokenRefusal};
use parlance_domain::{ids::UserId, time::Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// The right of a trusted back end.
const SERVICE: &str = "messaging:service";
/// The right to delete.
const ADMIN: &str = "messaging:admin";

/// The longest text of a profile, in bytes: it travels in every request of a socket.
const MAX_PROFILE_BYTES: usize = 1024;

/// No date lies beyond the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;

#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    picture: Option<Value>,
    #[serde(default)]
    locale: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// `None` where a claim is missing that must be there, or is not what it should be.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let claims: Self = serde_json::from_slice(payload).ok()?;
        let dates = [Some(claims.exp), claims.nbf, claims.iat];
        dates.into_iter().flatten().all(|date| (0.0..=LAST_SECOND).contains(&date)).then_some(claims)
    }

    pub(super) fn are_meant_for(&self, issuer: Option<&str>, audience: Option<&str>) -> bool {
        let is_issuer = issuer.is_none_or(|expected| self.iss.as_deref() == Some(expected));
        let is_audience = audience.is_none_or(|expected| match &self.aud {
            Some(Audience::One(one)) => one == expected,
            Some(Audience::Many(many)) => many.iter().any(|one| one == expected),
            None => false,
        });
        is_issuer && is_audience
    }

    pub(super) fn identity(self, now: Timestamp, leeway: Duration) -> Result<Identity, TokenRefusal> {
        let user = UserId::parse(&self.sub).map_err(|_| TokenRefusal::Invalid)?;
        let latest = now.plus(leeway);
        if [self.nbf, self.iat].into_iter().flatten().any(|date| timestamp(date) > latest) {
            return Err(TokenRefusal::Invalid);
        }
        let expires_at = timestamp(self.exp).plus(leeway);
        if now >= expires_at {
            return Err(TokenRefusal::Expired);
        }
        let has = |right| self.scope.iter().flat_map(|scope| scope.split(' ')).any(|one| one == right);
        Ok(Identity {
            user,
            expires_at,
            is_service: has(SERVICE),
            is_admin: has(ADMIN),
            profile: ProfileClaims {
                name: profile_text(self.name),
                picture: profile_text(self.picture),
                locale: profile_text(self.locale),
            },
        })
    }
}

fn timestamp(seconds: f64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs_f64(seconds))
}

/// What is not a short text is left out: it is no reason to turn a person away.
fn profile_text(claim: Option<Value>) -> Option<String> {
    match claim {
        Some(Value::String(text))
            if !text.is_empty() && text.len() <= MAX_PROFILE_BYTES && !text.chars().any(char::is_control) =>
        {
            Some(text)
        }
        _ => None,
    }
}
