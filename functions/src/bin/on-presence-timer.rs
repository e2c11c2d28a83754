//! The function that looks whether people are there, and tells senders late of sockets.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::on_presence_timer::OnPresenceTimer};

fn main() -> ExitCode {
    start(|assembly| Ok(OnPresenceTimer::new(assembly.look_at_presence()?, assembly.announce_connections()?)))
}
