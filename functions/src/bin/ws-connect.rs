//! The function of route `$connect`.

use std::process::ExitCode;

use parlance_functions::{assembly::start, ws::connect::Connect};

fn main() -> ExitCode {
    start(|assembly| Ok(Connect::new(assembly.open_connection()?)))
}
