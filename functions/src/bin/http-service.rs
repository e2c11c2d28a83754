//! The function of what can be asked of the service itself: `/healthz` and the limits.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::service::{health::Health, limits::ReadLimits},
};

fn main() -> ExitCode {
    start(|assembly| Ok(HttpRoutes::default().public(Health).public(ReadLimits::new(assembly.limits()))))
}
