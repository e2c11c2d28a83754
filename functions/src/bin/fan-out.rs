//! The function that posts one frame to many sockets.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, events::fan_out::FanOut};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(FanOut::new(Assembly::from_env()?.fan_out()?)))
}
