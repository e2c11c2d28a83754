//! Webhooks.

use crate::{
    request::{change_webhook::ChangeWebhook, create_webhook::CreateWebhook},
    spec::operation::Operation,
    webhook::{Webhook, Webhooks},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/messaging/webhooks/", "listWebhooks", "The service's webhooks, oldest first")
            .service()
            .answers::<Webhooks>(200),
        Operation::post(
            "/api/messaging/webhooks/",
            "createWebhook",
            "A webhook, with its secret, which is shown this once",
        )
        .service()
        .body(CreateWebhook::shape())
        .answers::<Webhook>(201)
        .located(),
        Operation::get("/api/messaging/webhooks/{id}/", "readWebhook", "One webhook and how it fares")
            .service()
            .answers::<Webhook>(200),
        Operation::patch(
            "/api/messaging/webhooks/{id}/",
            "changeWebhook",
            "Changes a webhook; a new secret is shown this once",
        )
        .service()
        .body(ChangeWebhook::shape())
        .answers::<Webhook>(200),
        Operation::delete(
            "/api/messaging/webhooks/{id}/",
            "deleteWebhook",
            "Removes a webhook, and what waited for it",
        )
        .service()
        .answers_nothing(),
    ]
}
