//! The function of `/api/messaging/ws/ticket`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{assembly::Assembly, http::tickets::TicketIssue};

fn main() -> ExitCode {
    parlance_edge::run(async || {
        let assembly = Assembly::from_env()?;
        Ok(HttpRoutes::for_callers(assembly.authenticate()?).route(TicketIssue::new(assembly.issue_ticket()?)))
    })
}
