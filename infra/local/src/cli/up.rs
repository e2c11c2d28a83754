//! `parlance up`: build, start, say where everything is, run until Ctrl-C.

use std::collections::BTreeMap;
use std::io::{Write as _, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, Storage, descriptors};
use crate::cloud::{Cloud, Options, Ports, no_rate_limits};
use crate::gateway::Limits;
use crate::guardduty::ScannerSpec;
use crate::lambda::Journal;
use crate::template::Template;
use crate::tokens;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Arguments {
    /// The port of HTTP and sockets; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    #[command(flatten)]
    storage: Storage,
    /// Keeps everything in a temporary folder that goes at the end.
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// How many relays run.
    #[arg(long, value_name = "N", default_value_t = 0)]
    relay: usize,
    /// Uses this Redis instead of the embedded one.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// The port of DynamoDB; 0 takes a free one, here and below.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    dynamodb_port: u16,
    /// The port of Redis.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    redis_port: u16,
    /// The port of SQS.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    sqs_port: u16,
    /// The port of S3.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    s3_port: u16,
    /// The port of Lambda.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    lambda_port: u16,
    /// The port of @connections.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    connections_port: u16,
    /// The port of EventBridge.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    events_port: u16,
    /// One process per concurrent invocation, stopped between invocations, as on AWS.
    #[arg(long)]
    isolated: bool,
    /// A parameter of the template.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Whether callers are limited to the rates of the template's parameters.
    #[arg(long, value_enum, value_name = "ON|OFF", default_value_t = RateLimits::On)]
    rate_limits: RateLimits,
    /// What scans uploaded files: `builtin`, `clamd=HOST:PORT`, or `none`.
    #[arg(long, value_name = "SCANNER")]
    scanner: Option<ScannerSpec>,
    /// The clamd that scans uploaded files, as HOST:PORT.
    #[arg(long, value_name = "ADDRESS", env = "CLAMD_ADDRESS", hide = true)]
    clamd_address: Option<String>,
    /// A limit of the gateway, as `idle=2s` or `frame_bytes=1024`.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<String>,
    /// Takes the functions as they are built.
    #[arg(long)]
    no_build: bool,
    /// Tells more about what goes on inside.
    #[arg(long)]
    verbose: bool,
}

/// Whether callers are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RateLimits {
    /// As the template says.
    On,
    /// Not at all: for loads.
    Off,
}

pub(super) async fn run(arguments: Arguments) -> Outcome {
    // S3's parts call every refusal of a request an error of theirs.
    let level = if arguments.verbose { "info" } else { "warn" };
    let level = format!("{level},s3s=off,s3s_fs=off");
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    descriptors::raise_limit();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let ended = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    };
    tokio::pin!(ended);
    let cloud = tokio::select! {
        () = &mut ended => return Ok(()),
        cloud = start(arguments) => cloud?,
    };
    ended.await;
    cloud.0.stop().await;
    Ok(())
}

/// The cloud, and the temporary folder that must outlive it.
type Started = (Cloud, Option<tempfile::TempDir>);

async fn start(arguments: Arguments) -> Result<Started, Box<dyn std::error::Error + Send + Sync>> {
    let workspace = Workspace::find()?;
    let template = Template::read(&workspace.template())?;
    if !arguments.no_build {
        workspace.build(template.programs()).await?;
    }
    workspace.require(template.programs())?;
    let temporary = arguments.ephemeral.then(tempfile::tempdir).transpose()?;
    let data_dir: PathBuf = match &temporary {
        Some(folder) => folder.path().to_owned(),
        None => std::path::absolute(&arguments.storage.data_dir)?,
    };
    let mut limits = Limits::default();
    for limit in &arguments.limits {
        limits.set(limit)?;
    }
    let mut parameters = match arguments.rate_limits {
        RateLimits::On => BTreeMap::new(),
        RateLimits::Off => no_rate_limits(&template),
    };
    for parameter in &arguments.parameters {
        let (name, value) =
            parameter.split_once('=').ok_or_else(|| format!("{parameter} is not name=value"))?;
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let options = Options {
        template,
        parameters,
        binaries: workspace.binaries,
        launcher: Some(std::env::current_exe()?),
        data_dir,
        ports: Ports {
            front: arguments.port,
            dynamodb: arguments.dynamodb_port,
            redis: arguments.redis_port,
            sqs: arguments.sqs_port,
            s3: arguments.s3_port,
            lambda: arguments.lambda_port,
            connections: arguments.connections_port,
            events: arguments.events_port,
        },
        relays: arguments.relay,
        redis_url: arguments.redis,
        is_isolated: arguments.isolated,
        scanner: arguments.scanner.unwrap_or(match arguments.clamd_address {
            Some(address) if !address.is_empty() => ScannerSpec::Clamd(address),
            _ => ScannerSpec::BuiltIn,
        }),
        limits,
        journal: Journal::start(stdout())?,
    };
    let cloud = Cloud::start(options).await?;
    announce(&cloud)?;
    Ok((cloud, temporary))
}

fn announce(cloud: &Cloud) -> Outcome {
    let mut out = stdout().lock();
    for (name, url) in &cloud.endpoints {
        writeln!(out, "{name:<12} {url}")?;
    }
    if let (Some(secret), Some(origin)) = (&cloud.token_secret, cloud.endpoints.get("websocket")) {
        let alice = tokens::issue(secret, "alice", "24h", &[])?;
        let bob = tokens::issue(secret, "bob", "24h", &[])?;
        writeln!(out, "\nalice        {alice}\nbob          {bob}\n")?;
        writeln!(out, "try          websocat '{origin}/ws/messaging/?token={alice}'\n")?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    Ok(())
}
