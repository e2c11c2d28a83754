//! `POST /api/messaging/conversations/{id}/update_title/` and `PATCH /api/messaging/conversations/{id}/`: another title.

use parlance_domain::conversation::Title;
use serde_json::Value;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Reads the title, which has to be there.
pub fn title(body: &Object) -> Result<Title, Problem> {
    let mut fields = Fields::of(body);
    let title = fields.required("title", parsed);
    fields.finish(title)
}

/// What [`title`] takes.
pub fn title_shape() -> Shape {
    Shape::object().required("title", TITLE, Shape::line(Title::MAX_CHARS))
}

/// Reads the title, if there is one: what is absent stays as it is.
pub fn optional_title(body: &Object) -> Result<Option<Title>, Problem> {
    let mut fields = Fields::of(body);
    let title = fields.optional("title", parsed);
    fields.finish(Some(title))
}

/// What [`optional_title`] takes.
pub fn optional_title_shape() -> Shape {
    Shape::object().optional("title", TITLE, Shape::line(Title::MAX_CHARS))
}

const TITLE: &str = "What people call it from now on.";

fn parsed(value: &Value) -> Result<Title, String> {
    Title::parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
}
