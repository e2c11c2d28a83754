//! The function that carries out what scans have found.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::on_scan_result::OnScanResult};

fn main() -> ExitCode {
    start(|assembly| Ok(OnScanResult::new(assembly.judge_attachment()?)))
}
