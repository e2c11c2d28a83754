//! The function of routes `typing.start` and `typing.stop`.

use std::process::ExitCode;

use parlance_edge::socket::SocketRoutes;
use parlance_functions::{
    assembly::start,
    ws::{typing_start::TypingStart, typing_stop::TypingStop},
};

fn main() -> ExitCode {
    start(|assembly| {
        Ok(SocketRoutes::one_way(assembly.socket_door()?, assembly.connection_poster()?)
            .silent(TypingStart::new(assembly.start_typing()?))
            .silent(TypingStop::new(assembly.stop_typing()?)))
    })
}
