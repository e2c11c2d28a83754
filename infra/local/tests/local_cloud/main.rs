//! The local cloud from outside: a small template, real processes, raw sockets and HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod connections;
mod files;
mod functions;
mod http;
mod sockets;
mod stage;
mod template;
