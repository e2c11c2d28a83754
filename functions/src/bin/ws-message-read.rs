//! The function of route `message.read`.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{assembly::start, ws::message_read::MessageRead};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::behind(assembly.socket_door()?).route(MessageRead::new(assembly.mark_as_read()?)))
    })
}
