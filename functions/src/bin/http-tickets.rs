//! The function of `/api/messaging/ws/ticket`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{assembly::start, http::tickets::TicketIssue};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::for_callers(assembly.callers()?).route(TicketIssue::new(assembly.issue_ticket()?)))
    })
}
