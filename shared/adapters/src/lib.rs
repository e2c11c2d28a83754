//! How the ports are kept: the only crate that names AWS and Redis.

mod adapters;
mod aws;
pub mod configuration;
pub mod dynamodb;
pub mod redis;
pub mod system;

pub use self::{
    adapters::Adapters,
    configuration::{Configuration, ConfigurationError},
};
