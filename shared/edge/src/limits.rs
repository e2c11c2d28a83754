//! The limits at the door: which requests count against which, what the headers say, and when a socket is closed.

use std::time::Duration;

use parlance_application::limits::{
    limiter::{RateLimited, Standing},
    rates::RateClass,
};
use parlance_protocol::{error_code::ErrorCode, problem::Problem};

use crate::refusal::Refusal;

/// What a request of this route counts as, unless its route says otherwise: whoever only reads has the larger allowance.
pub fn class_of_method(key: &str) -> RateClass {
    match key.split(' ').next() {
        Some("GET" | "HEAD") => RateClass::Reads,
        _ => RateClass::Writes,
    }
}

/// What a frame of this type counts as, unless its route says otherwise. One that cannot be read or is of no known type is a question.
pub fn class_of_frame(kind: &str) -> RateClass {
    match kind {
        "message.send" => RateClass::Sends,
        "ping" | "session.start" | "sync" | "presence.watch" => RateClass::Reads,
        kind if kind.starts_with("typing.") || kind.starts_with("presence.") => RateClass::Signals,
        _ => RateClass::Writes,
    }
}

/// `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them.
pub(crate) fn headers(standing: &Result<Vec<Standing>, RateLimited>) -> Option<(String, String)> {
    let items: Vec<(String, String)> = match standing {
        Ok(standings) => standings
            .iter()
            .map(|Standing { policy, limit, window, remaining, resets_in }| {
                item(policy, *limit, *window, *remaining, *resets_in)
            })
            .collect(),
        Err(RateLimited { is_unknown: true, .. }) => Vec::new(),
        Err(RateLimited { policy, limit, window, retry_after, .. }) => {
            vec![item(policy, *limit, *window, 0, *retry_after)]
        }
    };
    let (policies, rates): (Vec<String>, Vec<String>) = items.into_iter().unzip();
    (!policies.is_empty()).then(|| (policies.join(", "), rates.join(", ")))
}

fn item(policy: &str, limit: u64, window: Duration, remaining: u64, resets_in: Duration) -> (String, String) {
    let resets_in = resets_in.as_millis().div_ceil(1000);
    (
        format!("\"{policy}\";q={limit};w={}", window.as_secs()),
        format!("\"{policy}\";r={remaining};t={resets_in}"),
    )
}

impl From<RateLimited> for Refusal {
    fn from(limited: RateLimited) -> Self {
        let millis = u64::try_from(limited.retry_after.as_millis()).unwrap_or(u64::MAX);
        if limited.is_unknown {
            let detail = format!("{} wait while they cannot be counted", limited.policy);
            return Problem::retry_after(ErrorCode::Unavailable, detail, millis).into();
        }
        Problem::retry_after(ErrorCode::RateLimited, limited.to_string(), millis).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_counts_as_what_it_does() {
        assert_eq!(class_of_method("GET /api/messaging/messages/{id}"), RateClass::Reads);
        assert_eq!(class_of_method("DELETE /api/messaging/messages/{id}/delete"), RateClass::Writes);
        assert_eq!(class_of_frame("message.send"), RateClass::Sends);
        assert_eq!(class_of_frame("message.read"), RateClass::Writes);
        assert_eq!(class_of_frame("typing.start"), RateClass::Signals);
        assert_eq!(class_of_frame("ping"), RateClass::Reads);
    }

    #[test]
    fn the_headers_are_lists_of_named_policies() {
        let second = Duration::from_secs(1);
        let resets_in = Duration::from_millis(1_200);
        let standing = Standing { policy: "reads", limit: 50, window: second, remaining: 49, resets_in };
        let told = headers(&Ok(vec![standing])).unwrap();
        assert_eq!(told, ("\"reads\";q=50;w=1".to_owned(), "\"reads\";r=49;t=2".to_owned()));
        let limited = RateLimited {
            policy: "sends",
            is_own: true,
            limit: 20,
            window: second,
            retry_after: second / 2,
            is_unknown: false,
        };
        let told = headers(&Err(limited)).unwrap();
        assert_eq!(told, ("\"sends\";q=20;w=1".to_owned(), "\"sends\";r=0;t=1".to_owned()));
        assert_eq!(headers(&Ok(Vec::new())), None, "who has no limit is told of none");
    }
}
