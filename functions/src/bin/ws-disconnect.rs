//! The function of route `$disconnect`.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, ws::disconnect::Disconnect};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(Disconnect::new(Assembly::from_env()?.close_connection()?)))
}
