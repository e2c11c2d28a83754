//! The function that looks after attachments which nobody else looks after.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::sweep_attachments::SweepAttachments};

fn main() -> ExitCode {
    start(|assembly| Ok(SweepAttachments::new(assembly.look_after_attachment()?, assembly.remove_objects()?)))
}
