//! The adapters under the contract suites of their ports, over the real protocols.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says when it was skipped"
)]

mod dynamodb;
mod eventbridge;
mod gateway;
mod inspection;
mod issuer;
mod posting;
mod redis;
mod s3;
mod servers;
mod tokens;
mod webhooks;
