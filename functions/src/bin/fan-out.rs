//! The function that posts one frame to many sockets.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::fan_out::FanOut};

fn main() -> ExitCode {
    start(|assembly| Ok(FanOut::new(assembly.fan_out()?)))
}
