//! The function that looks into clean files.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::make_preview::MakePreview};

fn main() -> ExitCode {
    start(|assembly| Ok(MakePreview::new(assembly.make_preview()?)))
}
