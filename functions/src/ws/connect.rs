//! `$connect`: an admitted socket is registered, unless the user has too many or may not have it any more.

use std::collections::HashMap;

use async_trait::async_trait;
use parlance_application::connections::open::{OpenConnection, Opening};
use parlance_edge::{
    Function, Refusal,
    socket::{SocketAnswer, SocketCaller, SocketEvent},
    telemetry::{self, Noted},
};

/// The subprotocol beside which a client may show its token.
pub const BEARER: &str = "bearer";

/// Registers sockets.
pub struct Connect {
    open: OpenConnection,
}

impl Connect {
    /// Registers by this use case.
    pub const fn new(open: OpenConnection) -> Self {
        Self { open }
    }
}

#[async_trait]
impl Function for Connect {
    type Event = SocketEvent;
    type Answer = SocketAnswer;

    async fn call(&self, event: SocketEvent) -> Result<SocketAnswer, lambda_runtime::Error> {
        telemetry::note(Noted::Route("$connect"));
        let Some(caller) = SocketCaller::of(&event.request_context) else {
            return Ok(SocketAnswer::status(401));
        };
        telemetry::note(Noted::Connection(caller.connection.as_str()));
        telemetry::note(Noted::User(caller.user.as_str()));
        let SocketCaller { connection: id, user, scope, expires_at, profile, .. } = caller;
        match self.open.execute(Opening { id, user, scope, expires_at, profile }).await {
            Ok(_) => {
                // A client that offers a subprotocol gives up unless one is chosen.
                let offers_bearer = event
                    .header("sec-websocket-protocol")
                    .is_some_and(|offers| offers.split(',').any(|offer| offer.trim() == BEARER));
                let headers = offers_bearer.then(|| HashMap::from([("Sec-WebSocket-Protocol", BEARER)]));
                Ok(SocketAnswer { headers, ..SocketAnswer::status(200) })
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                refusal.record();
                Ok(SocketAnswer::status(refusal.problem.code.status()))
            }
        }
    }
}
