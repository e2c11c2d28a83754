//! Webhooks of other systems: kept by services, fed by the event bus, delivered with patience.

pub mod change;
pub mod deliver;
pub mod dispatch;
pub mod find;
pub mod list;
pub mod register;
pub mod remove;

use parlance_domain::{ids::WebhookId, webhook::Webhook};

use crate::{
    ports::{PortError, webhooks::WebhookRepository},
    sessions::service::Service,
};

/// Another service's webhook looks like one that does not exist.
async fn own(
    webhooks: &dyn WebhookRepository,
    service: &Service,
    id: WebhookId,
) -> Result<Option<Webhook>, PortError> {
    let found = webhooks.find(id).await?;
    Ok(found.filter(|webhook| webhook.owner == *service.id()))
}

/// How often a change that others got in the way of is made anew.
const ATTEMPTS: usize = 5;
