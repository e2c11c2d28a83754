//! Authorization of a handshake: a function answers with an IAM policy and a context that stays with the connection.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::SocketApi;
use super::event::Opening;
use crate::lambda::InvocationOutcome;
use crate::template::{IdentitySource, SocketAuthorizer};

/// What the authorizer decided.
pub(super) enum Decision {
    /// The connection may open; this goes into every event of it.
    Allowed(Map<String, Value>),
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 500: the authorizer itself failed.
    Failed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: OneOrMany<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
}

#[derive(Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(many) => many,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: String,
}

impl SocketApi {
    pub(super) async fn authorize(
        &self,
        authorizer: &SocketAuthorizer,
        opening: &Opening<'_>,
        context: &str,
    ) -> Decision {
        if !authorizer.identity_sources.iter().all(|source| is_present(source, opening)) {
            return Decision::Unauthorized;
        }
        let event = self.opening_event(opening, context, true);
        let outcome =
            self.call(&authorizer.function, "socket authorizer", event, self.limits.authorizer).await;
        match outcome {
            InvocationOutcome::Answered(payload) => {
                decide(&payload, &self.method_arn("$connect"), self.limits.authorizer_bytes)
            }
            InvocationOutcome::FunctionError { payload, .. } => {
                let failure = serde_json::from_slice::<Failure>(&payload);
                match failure {
                    Ok(failure) if failure.error_message == "Unauthorized" => Decision::Unauthorized,
                    _ => Decision::Failed,
                }
            }
            InvocationOutcome::TimedOut { .. } | InvocationOutcome::Unavailable { .. } => Decision::Failed,
        }
    }
}

fn is_present(source: &IdentitySource, opening: &Opening<'_>) -> bool {
    let values = match source {
        IdentitySource::Header(name) => opening.headers.get(&name.to_ascii_lowercase()),
        IdentitySource::Query(name) => opening.query.get(name),
    };
    values.is_some_and(|values| values.iter().any(|value| !value.is_empty()))
}

fn decide(payload: &[u8], method_arn: &str, most_bytes: usize) -> Decision {
    if payload.len() > most_bytes {
        return Decision::Failed;
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(payload) else { return Decision::Failed };
    let applies = |statement: &&Statement| {
        let is_action = |action: &String| matches_pattern(action, "execute-api:Invoke");
        let is_resource = |resource: &String| matches_pattern(resource, method_arn);
        statement.action.as_slice().iter().any(is_action)
            && statement.resource.as_slice().iter().any(is_resource)
    };
    let statements = answer.policy_document.statement.as_slice();
    let mut applying = statements.iter().filter(applies).map(|statement| &statement.effect).peekable();
    if applying.peek().is_none() || applying.any(|effect| *effect == Effect::Deny) {
        return Decision::Forbidden;
    }
    let mut context = Map::new();
    for (key, value) in answer.context.unwrap_or_default() {
        match value {
            Value::String(_) => context.insert(key, value),
            // API Gateway hands numbers and booleans on as strings.
            Value::Number(_) | Value::Bool(_) => context.insert(key, Value::from(value.to_string())),
            Value::Null => None,
            Value::Array(_) | Value::Object(_) => return Decision::Failed,
        };
    }
    context.insert("principalId".to_owned(), Value::from(answer.principal_id));
    Decision::Allowed(context)
}

/// IAM's patterns: `*` is any run of characters, `?` one.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = pattern.trim_start_matches('*');
            rest.is_empty()
                || text
                    .char_indices()
                    .any(|(at, _)| matches_pattern(rest, text.get(at..).unwrap_or_default()))
        }
        (Some('?'), Some(found)) => matches_pattern(
            pattern.get(1..).unwrap_or_default(),
            text.get(found.len_utf8()..).unwrap_or_default(),
        ),
        (Some(wanted), Some(found)) if wanted == found => {
            let length = wanted.len_utf8();
            matches_pattern(pattern.get(length..).unwrap_or_default(), text.get(length..).unwrap_or_default())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:local:000000000000:api/live/$connect";

    fn policy(effect: &str, resource: &str) -> Value {
        json!({
            "principalId": "alice",
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
            ]},
            "context": {"user_id": "alice", "n": 5, "b": true, "none": null}
        })
    }

    fn decision(answer: &Value) -> Decision {
        decide(answer.to_string().as_bytes(), ARN, 8_192)
    }

    #[test]
    fn an_allowing_policy_opens_with_its_context_as_strings() {
        let Decision::Allowed(context) = decision(&policy("Allow", ARN)) else { panic!("not allowed") };
        let expected = json!({"user_id": "alice", "n": "5", "b": "true", "principalId": "alice"});
        assert_eq!(Value::Object(context), expected);
    }

    #[test]
    fn wildcards_of_a_policy_match_as_in_iam() {
        for pattern in ["*", "arn:aws:execute-api:*", "arn:aws:execute-api:*:*:api/*", "*/$connec?"] {
            assert!(matches!(decision(&policy("Allow", pattern)), Decision::Allowed(_)), "{pattern}");
        }
    }

    #[test]
    fn a_denial_or_a_policy_for_something_else_is_forbidden() {
        assert!(matches!(decision(&policy("Deny", ARN)), Decision::Forbidden));
        assert!(matches!(decision(&policy("Allow", "arn:aws:execute-api:other")), Decision::Forbidden));
    }

    #[test]
    fn an_answer_in_another_form_is_a_failure() {
        assert!(matches!(decision(&json!({"isAuthorized": true})), Decision::Failed));
        let mut nested = policy("Allow", ARN);
        nested["context"]["list"] = json!([1]);
        assert!(matches!(decision(&nested), Decision::Failed));
        let mut large = policy("Allow", ARN);
        large["context"]["name"] = json!("x".repeat(9_000));
        assert!(matches!(decision(&large), Decision::Failed));
    }
}
