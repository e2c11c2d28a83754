//! The function of the socket's authorizer.

use std::process::ExitCode;

use parlance_functions::{assembly::start, ws::authorizer::Authorizer};

fn main() -> ExitCode {
    start(|assembly| Ok(Authorizer::new(assembly.admit_handshake()?)))
}
