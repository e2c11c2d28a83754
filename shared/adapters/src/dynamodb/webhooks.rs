//! Webhooks in DynamoDB. Their secrets are encrypted at rest by the table, as everything in it is.

use async_trait::async_trait;
use parlance_application::ports::{PortError, Replacing, webhooks::WebhookRepository};
use parlance_domain::{
    event::EventKind,
    ids::{UserId, WebhookId},
    webhook::{DisabledReason, Health, RetiredSecret, Webhook, WebhookSecret, WebhookUrl},
};

use super::{
    attributes::{
        Item, ItemBuilder, MalformedItem, bytes_value, need_number, need_text, need_time, number,
        number_value, text, text_value, time_value,
    },
    keys,
    table::{Expression, RangeQuery, SortRange, Table, Written},
};

const OWNER: &str = "owner";
const URL: &str = "url";
const EVENTS: &str = "events";
const SECRET: &str = "secret";
const RETIRED_SECRET: &str = "retired_secret";
const RETIRED_UNTIL: &str = "retired_until";
const CREATED_AT: &str = "created_at";
const FAILING_SINCE: &str = "failing_since";
const DISABLED_AT: &str = "disabled_at";
const DISABLED_BECAUSE: &str = "disabled_because";
const VERSION: &str = "version";

/// Keeps webhooks in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoWebhooks {
    table: Table,
}

impl DynamoWebhooks {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn read(&self, item: &Item) -> Result<Webhook, PortError> {
        webhook_of(item).map_err(|error| PortError::new(self.table.port(), error))
    }
}

#[async_trait]
impl WebhookRepository for DynamoWebhooks {
    async fn create(&self, webhook: &Webhook) -> Result<(), PortError> {
        self.table.put(item_of(webhook), Some(Expression::absent())).await.map(drop)
    }

    async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, PortError> {
        let item = self.table.get(keys::webhook(id), true).await?;
        item.map(|item| self.read(&item)).transpose()
    }

    async fn all(&self) -> Result<Vec<Webhook>, PortError> {
        let query = RangeQuery {
            partition: keys::WEBHOOKS.into(),
            sort: SortRange::Prefix(keys::WEBHOOK),
            descending: false,
            consistent: true,
            limit: None,
        };
        self.table.all(&query).await?.iter().map(|item| self.read(item)).collect()
    }

    async fn replace(&self, webhook: &Webhook) -> Result<Replacing, PortError> {
        let unchanged = Expression {
            text: "#version = :before",
            names: vec![("#version", VERSION)],
            values: vec![(":before", number_value(webhook.version.saturating_sub(1)))],
        };
        match self.table.put(item_of(webhook), Some(unchanged)).await? {
            Written::Done => Ok(Replacing::Replaced),
            Written::Refused(_) | Written::Contended => Ok(Replacing::Outdated),
        }
    }

    async fn delete(&self, id: WebhookId) -> Result<(), PortError> {
        self.table.take(keys::webhook(id)).await.map(drop)
    }
}

fn item_of(webhook: &Webhook) -> Item {
    let events: Vec<&str> = webhook.events.iter().map(|kind| kind.as_str()).collect();
    let retired = webhook.retired.as_ref();
    let (failing_since, disabled) = match webhook.health {
        Health::Working => (None, None),
        Health::Failing { since } => (Some(since), None),
        Health::Disabled { at, reason } => (None, Some((at, reason))),
    };
    ItemBuilder::new(keys::webhook(webhook.id))
        .with(OWNER, text_value(webhook.owner.as_str()))
        .with(URL, text_value(webhook.url.url().as_str()))
        .with(EVENTS, text_value(events.join(" ")))
        .with(SECRET, bytes_value(webhook.secret.as_bytes()))
        .with_some(RETIRED_SECRET, retired.map(|retired| bytes_value(retired.secret.as_bytes())))
        .with_some(RETIRED_UNTIL, retired.map(|retired| time_value(retired.until)))
        .with(CREATED_AT, time_value(webhook.created_at))
        .with_some(FAILING_SINCE, failing_since.map(time_value))
        .with_some(DISABLED_AT, disabled.map(|(at, _)| time_value(at)))
        .with_some(DISABLED_BECAUSE, disabled.map(|(_, reason)| text_value(reason.as_str())))
        .with(VERSION, number_value(webhook.version))
        .build()
}

fn webhook_of(item: &Item) -> Result<Webhook, MalformedItem> {
    let malformed = |attribute| MalformedItem { attribute };
    let id = WebhookId::parse(need_text(item, keys::SORT)?).map_err(|_| malformed(keys::SORT))?;
    let owner = UserId::parse(need_text(item, OWNER)?).map_err(|_| malformed(OWNER))?;
    let url = WebhookUrl::from_stored(need_text(item, URL)?).ok_or(malformed(URL))?;
    let events =
        need_text(item, EVENTS)?.split(' ').map(|name| EventKind::parse(name).ok_or(malformed(EVENTS)));
    let retired = match item.get(RETIRED_SECRET) {
        Some(_) => Some(RetiredSecret {
            secret: secret_of(item, RETIRED_SECRET)?,
            until: need_time(item, RETIRED_UNTIL)?,
        }),
        None => None,
    };
    let health = if let Some(reason) = text(item, DISABLED_BECAUSE) {
        let reason = DisabledReason::parse(reason).ok_or(malformed(DISABLED_BECAUSE))?;
        Health::Disabled { at: need_time(item, DISABLED_AT)?, reason }
    } else if number(item, FAILING_SINCE).is_some() {
        Health::Failing { since: need_time(item, FAILING_SINCE)? }
    } else {
        Health::Working
    };
    Ok(Webhook {
        id,
        owner,
        url,
        events: events.collect::<Result<_, _>>()?,
        secret: secret_of(item, SECRET)?,
        retired,
        created_at: need_time(item, CREATED_AT)?,
        health,
        version: need_number(item, VERSION)?,
    })
}

fn secret_of(item: &Item, attribute: &'static str) -> Result<WebhookSecret, MalformedItem> {
    let bytes = item.get(attribute).and_then(|value| value.as_b().ok());
    let secret = bytes.and_then(|bytes| WebhookSecret::from_bytes(bytes.as_ref()).ok());
    secret.ok_or(MalformedItem { attribute })
}
