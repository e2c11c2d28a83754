//! The function that receives uploads.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::on_upload::OnUpload};

fn main() -> ExitCode {
    start(|assembly| Ok(OnUpload::new(assembly.receive_attachment()?)))
}
