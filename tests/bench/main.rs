//! The benchmark: drives a running local cloud over raw sockets and HTTP, and says how fast, how large and how thrifty it is.
#![allow(clippy::cast_precision_loss, reason = "the counts of a benchmark stay far below 2^52")]

mod cloud;
mod compare;
mod loads;
mod people;
mod processes;
mod report;
mod socket;
mod traffic;
mod usage;

use std::{
    io::{Write as _, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, ValueEnum as _};

use self::{
    cloud::{Cloud, Place},
    loads::Load,
    report::Report,
};

/// Why a benchmark ends early, for a person to read.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures the local cloud. Each load runs against one that is started for it, or against the one at --url.
#[derive(Debug, Parser)]
#[command(name = "parlance-bench")]
struct Arguments {
    /// The loads to drive; all where none is named.
    #[arg(value_enum)]
    loads: Vec<Load>,
    /// Drives a local cloud that runs already, whose secret for tokens is in the environment as `JWT_SECRET`.
    #[arg(long)]
    url: Option<String>,
    /// How long each load is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many messages a second each conversation gets in the loads `steady` and `large`.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// How many sockets the loads `idle` (else 10,000), `reconnect` and `presence` (else 5,000) open.
    #[arg(long)]
    sockets: Option<usize>,
    /// How large the large file of the load `files` is.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    file: u64,
    /// Runs the started local cloud with this many relays, whatever the load would have.
    #[arg(long)]
    relay: Option<usize>,
    /// Passes on to the started local cloud.
    #[arg(long)]
    isolated: bool,
    /// Keeps the figures in this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Compares two such files and measures nothing.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    compare: Option<Vec<PathBuf>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where nobody reads there is nobody to tell.
            let _ = writeln!(stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    if let Some([old, new]) = arguments.compare.as_deref() {
        let table = compare::table(&Report::read(old)?, &Report::read(new)?);
        return Ok(write!(stdout(), "{table}")?);
    }
    let loads = if arguments.loads.is_empty() { Load::value_variants() } else { &arguments.loads };
    let mut report = Report::of_this_machine();
    for load in loads {
        let place = match &arguments.url {
            Some(url) => Place::Running(url.clone()),
            None => Place::Started {
                relays: arguments.relay.unwrap_or(load.relays()),
                is_isolated: arguments.isolated,
                limits: load.limits(),
            },
        };
        writeln!(stdout(), "\n{}: {}", load.name(), load.description())?;
        let cloud = Cloud::at(place).await?;
        let settings = loads::Settings {
            measured: std::time::Duration::from_secs(arguments.seconds),
            sockets: arguments.sockets,
            rate: arguments.rate,
            file_mebibytes: arguments.file,
        };
        let figures = load.drive(&cloud, settings).await?;
        cloud.end().await;
        write!(stdout(), "{}", report::lines(&figures))?;
        report.loads.insert(load.name(), figures);
        if let Some(path) = &arguments.json {
            report.write(path)?;
        }
    }
    Ok(())
}
