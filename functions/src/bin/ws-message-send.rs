//! The function of route `message.send`.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{assembly::start, ws::message_send::MessageSend};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::behind(assembly.socket_door()?).route(MessageSend::new(assembly.send_message()?)))
    })
}
