//! The function of route `$connect`.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, ws::connect::Connect};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(Connect::new(Assembly::from_env()?.open_connection()?)))
}
