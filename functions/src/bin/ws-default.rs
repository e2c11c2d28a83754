//! The function of route `$default`: `session.start`, `ping`, and the refusal of every frame that no route knows.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{
    assembly::Assembly,
    ws::{ping::Ping, session_start::SessionStart},
};

fn main() -> ExitCode {
    parlance_edge::run(async || {
        let assembly = Assembly::from_env()?;
        Ok(SocketRoutes::new(assembly.evict_connection()?, assembly.clock())
            .route(SessionStart::new(assembly.clock()))
            .route(Ping))
    })
}
