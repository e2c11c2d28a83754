//! The function of `/api/messaging/me`, `/api/messaging/users` and `/api/messaging/blocks`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::people::{
        block::Block, blocks::Blocks, me::MeRead, me_change::MeChange, unblock::Unblock, user::UserRead,
        user_change::UserChange,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        let (find, change) = (assembly.find_person()?, assembly.change_person()?);
        let block = assembly.block_user()?;
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(MeRead::new(find.clone()))
            .route(MeChange::new(change.clone()))
            .route(UserRead::new(find))
            .route(UserChange::new(change))
            .route(Blocks::new(block.clone(), assembly.cursor_signer()?))
            .route(Block::new(block.clone()))
            .route(Unblock::new(block)))
    })
}
