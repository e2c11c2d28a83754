//! The authorizer of `$connect`: token, ticket or subprotocol → who it is and what his socket is for, or a refusal.

use std::collections::HashMap;

use async_trait::async_trait;
use parlance_application::{
    connections::admit::{AdmitHandshake, AdmitHandshakeError, Handshake},
    sessions::authenticate::Credential,
};
use parlance_edge::{
    Function,
    run::Refused,
    socket::{
        SocketEvent,
        caller::{context_of, scope_from_query},
    },
    telemetry::{self, Noted},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Answers API Gateway's question whether a handshake may go on.
pub struct Authorizer {
    admit: AdmitHandshake,
}

/// An IAM policy about this one socket, and what every later event of it will carry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    principal_id: String,
    policy_document: Value,
    context: HashMap<&'static str, String>,
}

impl Authorizer {
    /// Answers by this use case.
    pub const fn new(admit: AdmitHandshake) -> Self {
        Self { admit }
    }
}

#[async_trait]
impl Function for Authorizer {
    type Event = SocketEvent;
    type Answer = Decision;

    async fn call(&self, event: SocketEvent) -> Result<Decision, lambda_runtime::Error> {
        let handshake = Handshake {
            origin: event.header("origin"),
            credential: credential(&event),
            scope: scope_from_query(event.query("socket"), event.query("conversation_id")),
        };
        let resource = resource(event.method_arn.as_deref().unwrap_or_default());
        match self.admit.execute(handshake).await {
            Ok((identity, scope)) => {
                telemetry::note(Noted::User(identity.user.as_str()));
                let context = context_of(&identity, scope);
                Ok(Decision {
                    principal_id: identity.user.to_string(),
                    policy_document: policy("Allow", &resource),
                    context,
                })
            }
            Err(AdmitHandshakeError::Forbidden) => {
                telemetry::note(Noted::Code("forbidden"));
                Ok(Decision {
                    principal_id: "refused".to_owned(),
                    policy_document: policy("Deny", &resource),
                    context: HashMap::new(),
                })
            }
            // API Gateway answers 401 to this very word, and 500 to any other failure.
            Err(AdmitHandshakeError::Unauthenticated) => Err(Refused("Unauthorized").into()),
            Err(AdmitHandshakeError::Port(error)) => Err(error.into()),
        }
    }
}

/// What the client shows: a ticket, else a token in the query, else one beside the subprotocol `bearer`.
fn credential(event: &SocketEvent) -> Option<Credential<'_>> {
    if let Some(ticket) = event.query("ticket") {
        return Some(Credential::Ticket(ticket));
    }
    if let Some(token) = event.query("token") {
        return Some(Credential::Token(token));
    }
    let (scheme, token) = event.header("sec-websocket-protocol")?.split_once(',')?;
    (scheme.trim() == super::connect::BEARER).then_some(Credential::Token(token.trim()))
}

/// The policy is about every route of the socket's stage, since it is asked for once.
fn resource(method_arn: &str) -> String {
    method_arn.rsplit_once('/').map_or_else(|| method_arn.to_owned(), |(stage, _)| format!("{stage}/*"))
}

fn policy(effect: &str, resource: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}],
    })
}
