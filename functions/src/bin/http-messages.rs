//! The function of `/api/messaging/messages`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::messages::{read::MessageRead, send::MessageSend},
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(MessageSend::new(assembly.send_message()?))
            .route(MessageRead::new(assembly.find_message()?)))
    })
}
