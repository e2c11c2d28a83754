//! The program `parlance`: the local cloud and its small tools.

use std::io::{Write as _, stderr};
use std::process::ExitCode;

use clap::Parser as _;
use parlance_local::cli::Cli;
use parlance_local::processes::{LAUNCH, launch};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == LAUNCH) {
        return fail(&launch(arguments));
    }
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => match runtime.block_on(cli.run()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(error.as_ref()),
        },
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    // Where nobody reads the standard error there is nobody to tell.
    let _ = writeln!(stderr(), "error: {error}");
    ExitCode::FAILURE
}
