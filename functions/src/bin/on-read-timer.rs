//! The function that tells groups who has read further.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::on_read_timer::OnReadTimer};

fn main() -> ExitCode {
    start(|assembly| Ok(OnReadTimer::new(assembly.collect_reads()?)))
}
