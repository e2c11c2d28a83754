//! The function that takes events from the bus to webhooks.

use std::process::ExitCode;

use parlance_functions::{assembly::start, events::deliver_webhook::DeliverWebhook};

fn main() -> ExitCode {
    start(|assembly| Ok(DeliverWebhook::new(assembly.dispatch_events()?, assembly.deliver_webhook()?)))
}
