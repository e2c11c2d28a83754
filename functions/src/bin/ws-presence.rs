//! The function of routes `presence.set` and `presence.watch`.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{
    assembly::start,
    ws::{presence_set::PresenceSet, presence_watch::PresenceWatch},
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::behind(assembly.socket_door()?)
            .route(PresenceSet::new(assembly.set_presence()?))
            .route(PresenceWatch::new(assembly.watch_presence()?)))
    })
}
