//! The function that looks after entries once they stand.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, events::on_log_entry::OnLogEntry};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(OnLogEntry::new(Assembly::from_env()?.repair_entries()?)))
}
