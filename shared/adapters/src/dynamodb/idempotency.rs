//! The answers of requests with a key of the client's, in DynamoDB: one row each, written when the request begins and again when it ends.

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    idempotency::{Attempt, Begun, IdempotencyRepository, KEPT_FOR, KeptAnswer},
};

use super::{
    attributes::{
        EXPIRES_AT, Item, ItemBuilder, MalformedItem, bytes_value, number, number_value, text, text_value,
        time_value,
    },
    keys::{self, Key},
    table::{Expression, Table, Written},
};

const FINGERPRINT: &str = "fingerprint";
const ATTEMPT: &str = "attempt";
const LEASE_UNTIL: &str = "lease_until";
const STATUS: &str = "status";
const BODY: &str = "body";
const ETAG: &str = "etag";
const LOCATION: &str = "location";

/// Keeps answers in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoIdempotency {
    table: Table,
}

impl DynamoIdempotency {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl IdempotencyRepository for DynamoIdempotency {
    async fn begin(&self, attempt: &Attempt) -> Result<Begun, PortError> {
        let item = ItemBuilder::new(key_of(attempt))
            .with(FINGERPRINT, bytes_value(attempt.fingerprint))
            .with(ATTEMPT, bytes_value(attempt.nonce))
            .with(LEASE_UNTIL, time_value(attempt.lease_until))
            .with(EXPIRES_AT, number_value(attempt.at.plus(KEPT_FOR).as_secs()))
            .build();
        // A row that was answered has no lease any more, so that only its end makes its key new.
        let is_free = Expression {
            text: "attribute_not_exists(pk) OR #expires_at <= :seconds \
                   OR (#lease_until <= :now AND #fingerprint = :fingerprint)",
            names: vec![
                ("#expires_at", EXPIRES_AT),
                ("#lease_until", LEASE_UNTIL),
                ("#fingerprint", FINGERPRINT),
            ],
            values: vec![
                (":seconds", number_value(attempt.at.as_secs())),
                (":now", time_value(attempt.at)),
                (":fingerprint", bytes_value(attempt.fingerprint)),
            ],
        };
        match self.table.put(item, Some(is_free)).await? {
            Written::Done => Ok(Begun::Begun),
            Written::Refused(Some(row)) => {
                standing(&row, attempt).map_err(|error| PortError::new(self.table.port(), error))
            }
            Written::Refused(None) | Written::Contended => Ok(Begun::Running),
        }
    }

    async fn finish(&self, attempt: &Attempt, answer: &KeptAnswer) -> Result<(), PortError> {
        let some_text = |value: &Option<String>| text_value(value.as_deref().unwrap_or_default());
        let update = Expression {
            text: "SET #status = :status, #body = :body, #etag = :etag, #location = :location REMOVE #lease_until",
            names: vec![
                ("#status", STATUS),
                ("#body", BODY),
                ("#etag", ETAG),
                ("#location", LOCATION),
                ("#lease_until", LEASE_UNTIL),
                ("#attempt", ATTEMPT),
            ],
            values: vec![
                (":status", number_value(answer.status.into())),
                (":body", some_text(&answer.body)),
                (":etag", some_text(&answer.etag)),
                (":location", some_text(&answer.location)),
                (":attempt", bytes_value(attempt.nonce)),
            ],
        };
        self.change(attempt, update).await
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), PortError> {
        let update = Expression {
            text: "SET #lease_until = :past",
            names: vec![("#lease_until", LEASE_UNTIL), ("#attempt", ATTEMPT)],
            values: vec![(":past", number_value(0)), (":attempt", bytes_value(attempt.nonce))],
        };
        self.change(attempt, update).await
    }
}

impl DynamoIdempotency {
    /// Changes the row while it is this attempt's and not answered; where it is not, somebody else has taken over.
    async fn change(&self, attempt: &Attempt, update: Expression) -> Result<(), PortError> {
        let is_own = "#attempt = :attempt AND attribute_exists(#lease_until)";
        self.table.update_if(key_of(attempt), update, is_own).await.map(drop)
    }
}

fn key_of(attempt: &Attempt) -> Key {
    let key = &attempt.key;
    keys::keyed_request(&key.user, key.route, &key.key)
}

fn standing(row: &Item, attempt: &Attempt) -> Result<Begun, MalformedItem> {
    let fingerprint = row.get(FINGERPRINT).and_then(|value| value.as_b().ok());
    let fingerprint = fingerprint.ok_or(MalformedItem { attribute: FINGERPRINT })?;
    if fingerprint.as_ref() != attempt.fingerprint {
        return Ok(Begun::OtherRequest);
    }
    let Some(status) = number(row, STATUS) else {
        // Where a reply was lost the SDK has written once more, and finds what it wrote itself.
        let nonce = row.get(ATTEMPT).and_then(|value| value.as_b().ok());
        let is_own = nonce.is_some_and(|nonce| nonce.as_ref() == attempt.nonce);
        return Ok(if is_own { Begun::Begun } else { Begun::Running });
    };
    let some_text = |name| text(row, name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Begun::Answered(KeptAnswer {
        status: u16::try_from(status).map_err(|_| MalformedItem { attribute: STATUS })?,
        body: some_text(BODY),
        etag: some_text(ETAG),
        location: some_text(LOCATION),
    }))
}
