//! The system that a template describes, in plain values: what the local cloud starts.

use std::collections::{BTreeMap, HashMap};

use crate::dynamodb::TableSpec;
use crate::event_sources::EventMapping;
use crate::eventbridge::RuleSpec;
use crate::gateway::SelectionExpression;
use crate::guardduty::PlanSpec;
use crate::lambda::{FunctionName, FunctionSettings};
use crate::s3::BucketSpec;
use crate::sqs::QueueSpec;

/// Everything that runs.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// The functions.
    pub functions: Vec<FunctionSettings>,
    /// What calls functions beside the gateway.
    pub events: Vec<EventMapping>,
    /// The tables.
    pub tables: Vec<TableSpec>,
    /// The queues.
    pub queues: Vec<QueueSpec>,
    /// The buckets.
    pub buckets: Vec<BucketSpec>,
    /// What is scanned.
    pub plans: Vec<PlanSpec>,
    /// The event buses.
    pub buses: Vec<String>,
    /// The rules of event buses.
    pub rules: Vec<RuleSpec>,
    /// The HTTP API.
    pub http: Option<HttpApi>,
    /// The WebSocket API.
    pub sockets: Option<SocketApi>,
    /// The programs that run all the time, as many as asked for.
    pub services: Vec<Service>,
}

/// An HTTP API with payload format 2.0.
#[derive(Clone, Debug, Default)]
pub struct HttpApi {
    /// Its id, as events name it.
    pub id: String,
    /// Its routes.
    pub routes: Vec<HttpRoute>,
    /// Its answers to other origins.
    pub cors: Option<Cors>,
}

/// One route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// `ANY`, a method, or `$default`.
    pub method: String,
    /// `/a/{b}/{c+}`; empty for `$default`.
    pub path: String,
    /// What answers it.
    pub function: FunctionName,
}

/// `CorsConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// Origins; `*` stands for any run of characters.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Headers of requests, or `*`.
    pub allow_headers: Vec<String>,
    /// Headers of answers that scripts may read.
    pub expose_headers: Vec<String>,
    /// Whether cookies and the like may be sent.
    pub allow_credentials: bool,
    /// How long a preflight's answer holds, in seconds.
    pub max_age: Option<u64>,
}

/// A WebSocket API with one stage.
#[derive(Clone, Debug)]
pub struct SocketApi {
    /// Its id, as events name it.
    pub id: String,
    /// Its stage, which is the path of its endpoints.
    pub stage: String,
    /// Where a frame's route stands.
    pub selection: SelectionExpression,
    /// Its routes by key.
    pub routes: HashMap<String, SocketRoute>,
    /// What decides on handshakes.
    pub authorizer: Option<SocketAuthorizer>,
}

/// One route of the WebSocket API.
#[derive(Clone, Debug)]
pub struct SocketRoute {
    /// What handles it.
    pub function: FunctionName,
    /// Whether the function's answer goes back to the client.
    pub is_two_way: bool,
}

/// A `REQUEST` authorizer.
#[derive(Clone, Debug)]
pub struct SocketAuthorizer {
    /// What decides.
    pub function: FunctionName,
    /// What a handshake must carry for the function to be asked at all.
    pub identity_sources: Vec<IdentitySource>,
}

/// One identity source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// `route.request.header.X`.
    Header(String),
    /// `route.request.querystring.x`.
    Query(String),
}

/// A container that runs all the time.
#[derive(Clone, Debug)]
pub struct Service {
    /// The resource's logical id.
    pub name: String,
    /// The executable's file name.
    pub binary: String,
    /// Its environment, resolved.
    pub environment: BTreeMap<String, String>,
}
