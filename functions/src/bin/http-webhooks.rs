//! The function of `/api/messaging/webhooks`.

use std::process::ExitCode;

use parlance_edge::http::HttpRoutes;
use parlance_functions::{
    assembly::start,
    http::webhooks::{
        change::WebhookChange, create::WebhookCreate, list::WebhookList, read::WebhookRead,
        remove::WebhookRemove,
    },
};

fn main() -> ExitCode {
    start(|assembly| {
        let settings = assembly.webhook_settings();
        Ok(HttpRoutes::for_callers(assembly.callers()?)
            .route(WebhookCreate::new(assembly.register_webhook()?, settings))
            .route(WebhookList::new(assembly.list_webhooks()?, settings))
            .route(WebhookRead::new(assembly.find_webhook()?, settings))
            .route(WebhookChange::new(assembly.change_webhook()?, settings))
            .route(WebhookRemove::new(assembly.remove_webhook()?)))
    })
}
