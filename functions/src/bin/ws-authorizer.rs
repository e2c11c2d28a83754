//! The function of the socket's authorizer.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, ws::authorizer::Authorizer};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(Authorizer::new(Assembly::from_env()?.admit_handshake()?)))
}
