//! The memory twin of kept answers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use parlance_application::ports::{
    PortError,
    idempotency::{Attempt, Begun, IdempotencyRepository, KEPT_FOR, KeptAnswer, RequestKey},
};

/// Keeps answers, in memory. Its clones are the same shelf.
#[derive(Clone, Default)]
pub struct MemoryIdempotency {
    rows: Arc<Mutex<HashMap<RequestKey, Row>>>,
}

struct Row {
    attempt: Attempt,
    answer: Option<KeptAnswer>,
}

impl MemoryIdempotency {
    /// How many keys are known.
    pub fn len(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn change(&self, attempt: &Attempt, act: impl FnOnce(&mut Row)) {
        let mut rows = self.rows.lock().unwrap();
        if let Some(row) = rows.get_mut(&attempt.key)
            && row.attempt.nonce == attempt.nonce
            && row.answer.is_none()
        {
            act(row);
        }
    }
}

#[async_trait]
impl IdempotencyRepository for MemoryIdempotency {
    async fn begin(&self, attempt: &Attempt) -> Result<Begun, PortError> {
        let mut rows = self.rows.lock().unwrap();
        if let Some(row) = rows.get(&attempt.key)
            && attempt.at < row.attempt.at.plus(KEPT_FOR)
        {
            if row.attempt.fingerprint != attempt.fingerprint {
                return Ok(Begun::OtherRequest);
            }
            if let Some(answer) = &row.answer {
                return Ok(Begun::Answered(answer.clone()));
            }
            if row.attempt.nonce != attempt.nonce && attempt.at < row.attempt.lease_until {
                return Ok(Begun::Running);
            }
        }
        rows.insert(attempt.key.clone(), Row { attempt: attempt.clone(), answer: None });
        Ok(Begun::Begun)
    }

    async fn finish(&self, attempt: &Attempt, answer: &KeptAnswer) -> Result<(), PortError> {
        self.change(attempt, |row| row.answer = Some(answer.clone()));
        Ok(())
    }

    async fn abandon(&self, attempt: &Attempt) -> Result<(), PortError> {
        self.change(attempt, |row| row.attempt.lease_until = row.attempt.at);
        Ok(())
    }
}
