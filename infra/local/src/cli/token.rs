//! `parlance token NAME`: a token signed with the data directory's secret, or `JWT_SECRET`.

use std::io::Write as _;

use clap::Args;

use super::{Outcome, Storage};
use crate::cloud::{self, TOKEN_SECRET};
use crate::template::{Circumstances, Template};
use crate::tokens;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The user, which becomes the claim `sub`.
    name: String,
    /// How long it is valid: 90s, 15m, 1h, 7d.
    #[arg(long, default_value = "1h")]
    ttl: String,
    /// Another claim, as key=value; the value may be JSON.
    #[arg(long = "claim", value_name = "KEY=VALUE")]
    claims: Vec<String>,
    #[command(flatten)]
    storage: Storage,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let secret = secret(&arguments.storage)?;
    let token = tokens::issue(&secret, &arguments.name, &arguments.ttl, &arguments.claims)?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}

/// The secret that the functions verify tokens with: the data directory's, or `JWT_SECRET`.
pub(super) fn secret(storage: &Storage) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let template = Template::read(&Workspace::find()?.template())?;
    std::fs::create_dir_all(&storage.data_dir)?;
    let mut secrets = cloud::secrets(&template, &Circumstances::default(), &storage.data_dir)?;
    Ok(secrets.remove(TOKEN_SECRET.0).ok_or("the template has no secret for tokens")?)
}
