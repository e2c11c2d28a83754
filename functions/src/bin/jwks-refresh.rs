//! The function that fetches the issuer's signing keys.

use std::process::ExitCode;

use parlance_functions::{assembly::Assembly, events::jwks_refresh::JwksRefresh};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(JwksRefresh::new(Assembly::from_env()?.adapters().key_refresh()?)))
}
