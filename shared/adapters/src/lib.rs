//! How the ports are kept: the only crate that names AWS and Redis.

pub mod dynamodb;
