//! `POST /api/messaging/attachments/{id}/parts/`: the parts that a client is about to bring.

use parlance_domain::attachment::{PartPlan, Sha256Digest};
use serde_json::Value;

use super::begin_upload::{sha256, sha256_shape};
use crate::{
    fields::{Fields, Object},
    limits::MAX_SIGNED_PARTS,
    problem::Problem,
    spec::shape::Shape,
};

/// Which parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignParts {
    /// The parts, in the client's order.
    pub parts: Vec<Part>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: u32,
    /// The digest of its bytes.
    pub sha256: Option<Sha256Digest>,
}

impl SignParts {
    /// Reads the body.
    pub fn parse(body: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(body);
        if !fields.has("parts") {
            fields.refuse("parts", "is required");
        }
        if fields.holds_empty_list("parts") {
            fields.refuse("parts", "at least one item");
        }
        let parts = fields.list("parts", MAX_SIGNED_PARTS, part);
        fields.finish(Some(Self { parts }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let part = Shape::object()
            .required("part_number", "Its number, from 1.", Shape::range(1, PartPlan::MAX_PARTS))
            .optional(
                "sha256",
                "The SHA-256 of its bytes in hexadecimal digits: of each part where the upload began with one, else of none.",
                sha256_shape(),
            );
        Shape::object().required(
            "parts",
            "The parts that are to be brought, each as often as one likes.",
            Shape::list(part, MAX_SIGNED_PARTS).not_empty(),
        )
    }
}

fn part(value: &Value) -> Result<Part, String> {
    let object = value.as_object().ok_or_else(|| "must be an object".to_owned())?;
    let number = object.get("part_number").and_then(Value::as_u64);
    let number = number.filter(|number| (1..=PartPlan::MAX_PARTS).contains(number));
    let number = number.and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or_else(|| format!("must have a part_number of 1 to {}", PartPlan::MAX_PARTS))?;
    let digest = object.get("sha256").filter(|digest| !digest.is_null());
    Ok(Part { number, sha256: digest.map(sha256).transpose()? })
}
