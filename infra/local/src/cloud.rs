//! The whole: what the template describes, started in order, each part told where the others listen.

mod local_values;
mod relays;
mod services;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::faults::Faults;
use crate::gateway::{Front, HttpApi, Limits, Local, Management, Media, MediaKey, MediaKeyPair, SocketApi};
use crate::guardduty::{self, ScannerSpec};
use crate::lambda::{Invoke, Journal, Lambda};
use crate::processes::Processes;
use crate::template::{Circumstances, System, Template, TemplateError};
use crate::usage::Usage;
use crate::{dynamodb, event_sources, eventbridge, lambda, loopback, s3, secrets, sqs};

use self::services::Services;

pub use self::local_values::{TOKEN_SECRET, no_rate_limits};

/// Where each service listens; 0 lets the system choose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// HTTP and sockets.
    pub front: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// Redis.
    pub redis: u16,
    /// SQS.
    pub sqs: u16,
    /// S3.
    pub s3: u16,
    /// Lambda.
    pub lambda: u16,
    /// `@connections`.
    pub connections: u16,
    /// EventBridge.
    pub events: u16,
}

/// How the local cloud is run.
pub struct Options {
    /// The template, parsed.
    pub template: Template,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The folder of the programs.
    pub binaries: PathBuf,
    /// What starts children so that they end with this process; none in tests.
    pub launcher: Option<PathBuf>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where services listen.
    pub ports: Ports,
    /// How many relays run.
    pub relays: usize,
    /// A Redis that is used instead of the embedded one.
    pub redis_url: Option<String>,
    /// One process per concurrent invocation, stopped between invocations.
    pub is_isolated: bool,
    /// What scans uploaded files.
    pub scanner: ScannerSpec,
    /// The gateway's limits.
    pub limits: Limits,
    /// Takes the line of each invocation.
    pub journal: Journal,
}

/// Why the local cloud cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template is not understood.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A port or a file.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another local cloud uses the same data directory.
    #[error("{} is in use by another local cloud", .0.display())]
    InUse(PathBuf),
    /// An embedded service.
    #[error(transparent)]
    Dynamodb(#[from] dynamodb::Error),
    /// An embedded service.
    #[error(transparent)]
    Sqs(#[from] sqs::Error),
    /// An embedded service.
    #[error(transparent)]
    S3(#[from] s3::Error),
    /// The event sources.
    #[error(transparent)]
    EventSources(#[from] event_sources::Error),
}

fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    let what = what.into();
    move |source| Error::Io { what, source }
}

/// The running local cloud.
pub struct Cloud {
    /// Where everything listens, by name.
    pub endpoints: BTreeMap<String, String>,
    /// The secret that tokens are signed with, if the template has one.
    pub token_secret: Option<String>,
    /// What runs.
    pub system: System,
    processes: Arc<Processes>,
    lambda: Arc<Lambda>,
    _scans: guardduty::Running,
    _services: Services,
    _event_sources: event_sources::Running,
    _stop: DropGuard,
    _lock: File,
}

impl Cloud {
    /// Starts everything; from then on the front answers.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let lock = lock(&options.data_dir)?;
        let region = host("AWS_REGION").unwrap_or_else(|| local_values::REGION.to_owned());
        let (faults, usage) = (Faults::default(), Usage::default());
        let listeners = Listeners::bind(options.ports).await?;
        let services = Services::start(&options, &region, &faults, &usage).await?;
        let circumstances = circumstances(&options, &services, &region).await?;
        let mut system = options.template.system(&circumstances)?;
        services.sqs.create_queues(&system.queues).await?;
        services.s3.create_buckets(&system.buckets)?;
        draw_stack_id(&mut system);
        let endpoints = listeners.endpoints(&system, &services)?;
        let environment = local_values::environment(&region, &endpoints, host);

        let logs = options.data_dir.join("logs");
        let processes =
            Processes::new(&logs, options.launcher).map_err(io_error(logs.display().to_string()))?;
        let settings = lambda::Settings {
            functions: system.functions.clone(),
            binaries: options.binaries.clone(),
            is_isolated: options.is_isolated,
            region: region.clone(),
            retry_delays: [Duration::from_secs(1), Duration::from_secs(2)],
            environment: environment.clone(),
            faults: faults.clone(),
            usage: usage.clone(),
        };
        let lambda = Lambda::start(settings, listeners.lambda, Arc::clone(&processes), options.journal)
            .map_err(io_error("Lambda"))?;
        let invoke: Arc<dyn Invoke> = Arc::new(Arc::clone(&lambda));
        let targets = eventbridge::Targets::new(Arc::clone(&invoke), &services.sqs);
        services.events.connect(system.buses.clone(), system.rules.clone(), targets);
        let scans = services.watch_buckets(&system.plans, &options.scanner, &region, &faults, &usage);
        let event_sources = event_sources::start(event_sources::Options {
            mappings: system.events.clone(),
            invoke: Arc::clone(&invoke),
            dynamodb: Arc::clone(&services.dynamodb),
            sqs: Arc::clone(&services.sqs),
            data_dir: Some(options.data_dir.clone()),
            region: region.clone(),
            faults: faults.clone(),
        })
        .await?;

        let stop = CancellationToken::new();
        relays::start(
            &system.services,
            options.relays,
            &options.binaries,
            &environment,
            &processes,
            &stop,
            &faults,
        );
        let limits = Arc::new(options.limits);
        let sockets = system.sockets.clone().map(|sockets| {
            let (limits, invoke) = (Arc::clone(&limits), Arc::clone(&invoke));
            SocketApi::new(sockets, &region, limits, invoke, faults.clone(), usage.clone())
        });
        if let Some(sockets) = &sockets {
            tokio::spawn(Arc::clone(sockets).sweep());
            tokio::spawn(Arc::clone(sockets).cut_when_told());
            let management = Management::new(
                sockets.stage(),
                Arc::clone(&sockets.connections),
                Arc::clone(&limits),
                faults.clone(),
                usage.clone(),
            );
            tokio::spawn(management.serve(listeners.connections, stop.clone()));
        }
        let http = system.http.clone();
        let http = http.map(|http| HttpApi::new(http, &region, Arc::clone(&limits), invoke, usage.clone()));
        let media = media(&circumstances, &services, &usage);
        let local = Local {
            endpoints: endpoints.clone(),
            processes: Arc::clone(&processes),
            events: Arc::clone(&services.events),
            functions: system.functions.iter().map(|function| function.name.to_string()).collect(),
            faults,
            usage,
        };
        tokio::spawn(
            Arc::new(Front { http, sockets, media, local, limits }).serve(listeners.front, stop.clone()),
        );

        Ok(Self {
            endpoints,
            token_secret: circumstances.secrets.get(TOKEN_SECRET.0).cloned(),
            system,
            processes,
            lambda,
            _scans: scans,
            _services: services,
            _event_sources: event_sources,
            _stop: stop.drop_guard(),
            _lock: lock,
        })
    }

    /// Ends every child.
    pub async fn stop(self) {
        self.lambda.stop();
        self.processes.stop_all(Duration::from_secs(1)).await;
    }
}

/// The secrets' values: kept ones, new ones, and over them what the environment gives.
pub fn secrets(
    template: &Template,
    circumstances: &Circumstances,
    data_dir: &Path,
) -> Result<BTreeMap<String, String>, Error> {
    let specs = template.secrets(circumstances)?;
    let media_key = |logical_id: &str| {
        (logical_id == local_values::MEDIA_KEY.0)
            .then(MediaKeyPair::generate)
            .flatten()
            .map(|pair| pair.private)
    };
    let mut values = secrets::open(data_dir, &specs, &media_key).map_err(io_error("secrets.json"))?;
    if let Some(given) = host(TOKEN_SECRET.1) {
        values.insert(TOKEN_SECRET.0.to_owned(), given);
    }
    Ok(values)
}

fn lock(data_dir: &Path) -> Result<File, Error> {
    let name = || data_dir.display().to_string();
    fs::create_dir_all(data_dir).map_err(io_error(name()))?;
    let file = File::create(data_dir.join("lock")).map_err(io_error(name()))?;
    file.try_lock().map_err(|_| Error::InUse(data_dir.to_owned()))?;
    Ok(file)
}

fn draw_stack_id(system: &mut System) {
    let drawn = format!("local-{:032x}", rand::random::<u128>());
    let functions = system.functions.iter_mut().map(|function| &mut function.environment);
    let services = system.services.iter_mut().map(|service| &mut service.environment);
    for environment in functions.chain(services) {
        if let Some(stack_id) = environment.get_mut(local_values::STACK_ID) {
            stack_id.clone_from(&drawn);
        }
    }
}

/// The ports that this program itself listens on, bound before anything is started that must know them.
struct Listeners {
    front: TcpListener,
    connections: TcpListener,
    lambda: TcpListener,
}

impl Listeners {
    async fn bind(ports: Ports) -> Result<Self, Error> {
        Ok(Self {
            front: listen(ports.front).await?,
            connections: listen(ports.connections).await?,
            lambda: listen(ports.lambda).await?,
        })
    }

    fn endpoints(&self, system: &System, services: &Services) -> Result<BTreeMap<String, String>, Error> {
        let stage = system.sockets.as_ref().map(|sockets| sockets.stage.as_str()).unwrap_or_default();
        let origin = address(&self.front)?;
        let endpoints = [
            ("http", format!("http://{origin}")),
            ("websocket", format!("ws://{origin}")),
            ("connections", format!("http://{}/{stage}", address(&self.connections)?)),
            ("lambda", format!("http://{}", address(&self.lambda)?)),
            ("dynamodb", services.dynamodb.url.clone()),
            ("sqs", services.sqs.url.clone()),
            ("s3", services.s3.url.clone()),
            ("redis", services.redis_url.clone()),
            ("events", services.events.url.clone()),
        ];
        Ok(endpoints.into_iter().map(|(name, url)| (name.to_owned(), url)).collect())
    }
}

async fn listen(port: u16) -> Result<TcpListener, Error> {
    loopback::bind(port).await.map_err(io_error(format!("port {port} of {}", Ipv4Addr::LOCALHOST)))
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(io_error("a listener"))
}

fn host(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The files, if their addresses are signed by a key that is known.
fn media(circumstances: &Circumstances, services: &Services, usage: &Usage) -> Option<Media> {
    let (_, parameter, id) = local_values::MEDIA_KEY;
    let key = MediaKey::new(id, circumstances.parameters.get(parameter)?)?;
    let bucket = s3::bucket_name(local_values::MEDIA_BUCKET);
    Some(Media::new(&services.s3, bucket, key, usage.clone()))
}

/// What the template's values depend on; creates the tables, whose streams have no name before.
async fn circumstances(options: &Options, services: &Services, region: &str) -> Result<Circumstances, Error> {
    let template = &options.template;
    let mut circumstances = Circumstances {
        region: region.to_owned(),
        parameters: local_values::parameters(template, options.relays, host, &options.parameters),
        sqs_url: services.sqs.url.clone(),
        ..Circumstances::default()
    };
    let (attribute, variable) = local_values::REDIS_URL;
    let redis_url = host(variable).unwrap_or_else(|| services.redis_url.clone());
    circumstances.attributes.insert(attribute.to_owned(), redis_url);
    circumstances.secrets = secrets(template, &circumstances, &options.data_dir)?;
    let (secret, parameter, _) = local_values::MEDIA_KEY;
    let pair = circumstances.secrets.get(secret).and_then(|pem| MediaKeyPair::from_private(pem));
    if let Some(pair) = pair.filter(|_| template.has_parameter(parameter)) {
        circumstances.parameters.entry(parameter.to_owned()).or_insert(pair.public);
    }
    let (logical_ids, specs): (Vec<_>, Vec<_>) = template.tables(&circumstances)?.into_iter().unzip();
    for (logical_id, table) in logical_ids.iter().zip(services.dynamodb.create_tables(&specs).await?) {
        circumstances.attributes.insert(format!("{logical_id}.Arn"), table.arn);
        if let Some(stream) = table.stream_arn {
            circumstances.attributes.insert(format!("{logical_id}.StreamArn"), stream);
        }
    }
    Ok(circumstances)
}
