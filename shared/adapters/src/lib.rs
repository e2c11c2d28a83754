//! How the ports are kept: the only crate that names AWS and Redis.

mod adapters;
pub mod apigateway;
mod aws;
pub mod cloudfront;
pub mod configuration;
pub mod dynamodb;
pub mod eventbridge;
pub mod inspection;
pub mod jwt;
pub mod lambda;
pub mod redis;
pub mod s3;
pub mod sqs;
pub mod storage_events;
pub mod system;
pub mod webhooks;

pub use self::{
    adapters::{Adapters, RelayAdapters},
    configuration::{Configuration, ConfigurationError},
};
