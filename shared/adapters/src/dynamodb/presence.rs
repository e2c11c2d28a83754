//! What people chose to be shown as and when they were last seen: a row beside their sockets, since it changes as often as these.

use std::collections::HashMap;

use async_trait::async_trait;
use parlance_application::ports::{PortError, presence::PresenceRepository};
use parlance_domain::{
    ids::UserId,
    presence::{ChosenStatus, PresenceChoice, PresenceRecord, StatusText},
    time::Timestamp,
};

use super::{
    attributes::{Item, MalformedItem, need_text, number, text, text_value, time_value},
    keys,
    table::{Expression, Table, Written},
};

const STATUS: &str = "status";
const TEXT: &str = "text";
const LAST_SEEN_AT: &str = "last_seen_at";

/// How many rows one call reads.
const ROWS_PER_READ: usize = 100;

/// Keeps presence in the table `connections`.
#[derive(Debug, Clone)]
pub struct DynamoPresence {
    table: Table,
}

impl DynamoPresence {
    /// Keeps it in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn read(&self, item: &Item) -> Result<PresenceRecord, PortError> {
        record_of(item).map_err(|error| PortError::new(self.table.port(), error))
    }

    /// Whether the condition held. Rows of this kind are in no transaction.
    async fn update(
        &self,
        user: &UserId,
        update: Expression,
        condition: &'static str,
    ) -> Result<bool, PortError> {
        let written = self.table.update_if(keys::presence(user), update, condition).await?;
        Ok(matches!(written, Written::Done))
    }
}

#[async_trait]
impl PresenceRepository for DynamoPresence {
    async fn records(&self, users: &[UserId]) -> Result<Vec<PresenceRecord>, PortError> {
        if let [only] = users {
            let item = self.table.get(keys::presence(only), true).await?;
            return Ok(vec![item.map(|item| self.read(&item)).transpose()?.unwrap_or_default()]);
        }
        let mut known = HashMap::new();
        for chunk in users.chunks(ROWS_PER_READ) {
            let items = self.table.get_many(chunk.iter().map(keys::presence).collect(), true).await?;
            for item in &items {
                let user = text(item, keys::PARTITION).and_then(keys::user_of);
                let user = user.ok_or(MalformedItem { attribute: keys::PARTITION });
                let user = user.map_err(|error| PortError::new(self.table.port(), error))?;
                known.insert(user, self.read(item)?);
            }
        }
        Ok(users.iter().map(|user| known.get(user).cloned().unwrap_or_default()).collect())
    }

    async fn choose(&self, user: &UserId, choice: &PresenceChoice, now: Timestamp) -> Result<(), PortError> {
        let text = choice.text.as_ref().map_or("", StatusText::as_str);
        let names = vec![("#status", STATUS), ("#text", TEXT)];
        let values = vec![(":status", text_value(choice.status.as_str())), (":text", text_value(text))];
        if choice.status == ChosenStatus::Invisible {
            let mut update = Expression {
                text: "SET #status = :status, #text = :text, #seen = :now",
                names: names.clone(),
                values: values.clone(),
            };
            update.names.push(("#seen", LAST_SEEN_AT));
            update.values.push((":now", time_value(now)));
            if self.update(user, update, "attribute_not_exists(#status) OR #status <> :status").await? {
                return Ok(());
            }
        }
        let update = Expression { text: "SET #status = :status, #text = :text", names, values };
        self.update(user, update, "attribute_exists(pk) OR attribute_not_exists(pk)").await.map(drop)
    }

    async fn leave(&self, user: &UserId, at: Timestamp) -> Result<(), PortError> {
        let update = Expression {
            text: "SET #seen = :at, #status = if_not_exists(#status, :online)",
            names: vec![("#seen", LAST_SEEN_AT), ("#status", STATUS)],
            values: vec![
                (":at", time_value(at)),
                (":online", text_value(ChosenStatus::Online.as_str())),
                (":invisible", text_value(ChosenStatus::Invisible.as_str())),
            ],
        };
        let condition = "(attribute_not_exists(#status) OR #status <> :invisible) \
                         AND (attribute_not_exists(#seen) OR #seen < :at)";
        self.update(user, update, condition).await.map(drop)
    }
}

fn record_of(item: &Item) -> Result<PresenceRecord, MalformedItem> {
    let status = ChosenStatus::parse(need_text(item, STATUS)?).ok_or(MalformedItem { attribute: STATUS })?;
    let text = text(item, TEXT).and_then(|text| StatusText::parse(text).ok());
    let last_seen_at = number(item, LAST_SEEN_AT).map(Timestamp::from_millis);
    Ok(PresenceRecord { choice: PresenceChoice { status, text }, last_seen_at })
}
