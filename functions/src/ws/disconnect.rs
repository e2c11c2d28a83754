//! `$disconnect`: a socket that was closed is forgotten.

use async_trait::async_trait;
use parlance_application::connections::close::CloseConnection;
use parlance_edge::{
    Function,
    socket::{SocketAnswer, SocketCaller, SocketEvent},
    telemetry::{self, Noted},
};

/// Forgets sockets.
pub struct Disconnect {
    close: CloseConnection,
}

impl Disconnect {
    /// Forgets by this use case.
    pub const fn new(close: CloseConnection) -> Self {
        Self { close }
    }
}

#[async_trait]
impl Function for Disconnect {
    type Event = SocketEvent;
    type Answer = SocketAnswer;

    async fn call(&self, event: SocketEvent) -> Result<SocketAnswer, lambda_runtime::Error> {
        telemetry::note(Noted::Route("$disconnect"));
        if let Some(caller) = SocketCaller::of(&event.request_context) {
            telemetry::note(Noted::Connection(caller.connection.as_str()));
            telemetry::note(Noted::User(caller.user.as_str()));
            self.close.execute(&caller.user, &caller.connection).await?;
        }
        Ok(SocketAnswer::status(200))
    }
}
