//! The function of route `sync`.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{assembly::start, ws::sync::Sync};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::behind(assembly.socket_door()?).route(Sync::new(assembly.resume_session()?)))
    })
}
