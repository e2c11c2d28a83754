//! The function of route `$disconnect`.

use std::process::ExitCode;

use parlance_functions::{assembly::start, ws::disconnect::Disconnect};

fn main() -> ExitCode {
    start(|assembly| Ok(Disconnect::new(assembly.close_connection()?)))
}
