//! The local cloud: reads template.yaml and runs the system that it describes, whole, on this machine.

pub mod cli;
pub mod cloud;
pub mod dynamodb;
pub mod event_sources;
pub mod eventbridge;
pub mod faults;
pub mod gateway;
pub mod guardduty;
pub mod lambda;
pub mod loopback;
pub mod processes;
pub mod redis;
pub mod s3;
pub mod secrets;
pub mod sqs;
pub mod template;
pub mod tokens;
pub mod usage;
pub mod workspace;
