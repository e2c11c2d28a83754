//! The function that looks into files.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::inspect_file::InspectFile};

fn main() -> ExitCode {
    start(|assembly| Ok(InspectFile::new(assembly.inspect_file()?)))
}
