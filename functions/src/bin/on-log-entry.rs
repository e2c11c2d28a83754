//! The function that looks after entries once they stand.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::on_log_entry::OnLogEntry};

fn main() -> ExitCode {
    start(|assembly| Ok(OnLogEntry::new(assembly.repair_entries()?, assembly.publish_events()?)))
}
