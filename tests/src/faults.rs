//! What a test lets go wrong in the local cloud.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::person::Person;

/// The faults of one local cloud.
#[derive(Clone)]
pub struct Faults {
    anybody: Person,
}

impl Faults {
    pub(crate) fn of(anybody: Person) -> Self {
        Self { anybody }
    }

    /// Begins a fault, in the words of `POST /_local/faults`.
    pub async fn begin(&self, fault: &Value) {
        let request = self.anybody.anonymous(Method::POST, "/_local/faults").json(fault);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED, "{fault}");
    }

    /// Ends every fault.
    pub async fn end(&self) {
        let request = self.anybody.anonymous(Method::DELETE, "/_local/faults");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }
}
