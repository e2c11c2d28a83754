//! The function that fetches the issuer's signing keys.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::jwks_refresh::JwksRefresh};

fn main() -> ExitCode {
    start(|assembly| Ok(JwksRefresh::new(assembly.key_refresher()?)))
}
