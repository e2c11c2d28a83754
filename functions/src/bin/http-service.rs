//! The function of what can be asked of the service itself: `/healthz`, the limits, and the specifications.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::service::{
        health::Health,
        limits::ReadLimits,
        specifications::{AsyncApi, OpenApi},
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::default()
            .public(Health)
            .public(ReadLimits::new(assembly.limits()))
            .public(OpenApi)
            .public(AsyncApi))
    })
}
