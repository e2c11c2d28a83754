//! The function of what can be asked of the service itself: `/healthz` and the limits.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::http::service::{health::Health, limits::ReadLimits};

fn main() -> ExitCode {
    parlance_edge::run(async || Ok(HttpRoutes::default().public(Health).public(ReadLimits)))
}
