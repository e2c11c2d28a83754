//! The function of route `$default`: `session.start`, `ping`, `message.edit`, `message.delete`, and the refusal of every frame that no route knows.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{
    assembly::start,
    ws::{message_delete::MessageDelete, message_edit::MessageEdit, ping::Ping, session_start::SessionStart},
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::behind(assembly.socket_door()?)
            .route(SessionStart::new(assembly.clock(), assembly.limits()))
            .route(Ping)
            .route(MessageEdit::new(assembly.edit_message()?))
            .route(MessageDelete::new(assembly.delete_message()?)))
    })
}
