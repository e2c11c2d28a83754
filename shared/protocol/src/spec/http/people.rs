//! People: oneself, those who are blocked, and anybody for trusted back ends.

use crate::{
    error_code::ErrorCode as E,
    page::Page,
    request::{change_person, create_direct::CreateDirect, read_page::ReadPage},
    spec::operation::Operation,
    user::{Block, User},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/messaging/me/", "readMe", "How the user appears to others")
            .answers::<User>(200)
            .versioned(),
        Operation::patch("/api/messaging/me/", "changeMe", "Changes how the user appears to others")
            .body(change_person::own_shape())
            .answers::<User>(200),
        Operation::get("/api/messaging/users/{id}/", "readUser", "What is known of somebody")
            .service()
            .answers::<User>(200)
            .versioned(),
        Operation::put(
            "/api/messaging/users/{id}/",
            "changeUser",
            "Says how somebody appears, and whether he may come in",
        )
        .service()
        .body(change_person::anybodys_shape())
        .answers::<User>(200),
        Operation::get("/api/messaging/blocks/", "listBlocks", "A page of the people whom the user blocks")
            .query(ReadPage::shape())
            .answers::<Page<Block>>(200)
            .refuses(&[E::Malformed]),
        Operation::post(
            "/api/messaging/blocks/",
            "blockUser",
            "Blocks somebody: 201 the first time, 200 ever after",
        )
        .body(CreateDirect::shape())
        .answers::<Block>(200)
        .answers::<Block>(201),
        Operation::delete(
            "/api/messaging/blocks/{user_id}/",
            "unblockUser",
            "Does not block somebody any more",
        )
        .answers_nothing(),
    ]
}
