//! The key sets of issuers in DynamoDB, where every function reads them and `jwks-refresh` writes them.

use parlance_application::ports::PortError;
use parlance_domain::time::Timestamp;

use super::{
    attributes::{ItemBuilder, need_text, need_time, text_value, time_value},
    keys,
    table::Table,
};

const KEYS: &str = "keys";
const FETCHED_AT: &str = "fetched_at";

/// The key set of one issuer as it was last fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedKeys {
    /// The JSON Web Key Set, as it was served.
    pub json: String,
    /// When.
    pub fetched_at: Timestamp,
}

/// Keeps key sets in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoSigningKeys {
    table: Table,
}

impl DynamoSigningKeys {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The key set of an issuer, where one was fetched.
    pub async fn find(&self, issuer: &str) -> Result<Option<FetchedKeys>, PortError> {
        let Some(item) = self.table.get(keys::signing_keys(issuer), true).await? else { return Ok(None) };
        let fetched = need_text(&item, KEYS).and_then(|json| {
            Ok(FetchedKeys { json: json.to_owned(), fetched_at: need_time(&item, FETCHED_AT)? })
        });
        fetched.map(Some).map_err(|error| PortError::new(self.table.port(), error))
    }

    /// Replaces the key set of an issuer.
    pub async fn save(&self, issuer: &str, keys: &FetchedKeys) -> Result<(), PortError> {
        let item = ItemBuilder::new(keys::signing_keys(issuer))
            .with(KEYS, text_value(&*keys.json))
            .with(FETCHED_AT, time_value(keys.fetched_at))
            .build();
        self.table.put(item, None).await.map(drop)
    }
}
