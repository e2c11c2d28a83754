//! The function of `/api/messaging/presence`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{assembly::start, http::presence::PresenceRead};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::for_callers(assembly.callers()?).route(PresenceRead::new(assembly.read_presence()?)))
    })
}
