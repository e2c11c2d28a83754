//! `PATCH /api/messaging/me/` and `PUT /api/messaging/users/{id}/`: how somebody appears, and whether he may come in.

use parlance_domain::{
    message::InvalidValue,
    profile::{DisplayName, Locale, PersonChange, PictureUrl, Standing},
};
use serde_json::Value;

use crate::{
    fields::{self, Fields, Object},
    problem::Problem,
    spec::shape::Shape,
};

/// Reads what a person may change of himself: `name`, `picture`, `locale`. What is absent stays, what is `null` is taken away.
pub fn own(body: &Object) -> Result<PersonChange, Problem> {
    let mut fields = Fields::of(body);
    let change = profile(&mut fields);
    fields.finish(Some(change))
}

/// What [`own`] takes.
pub fn own_shape() -> Shape {
    let locale = Shape::text(Locale::MAX_CHARS).matching("^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8})*$");
    Shape::object()
        .optional("name", "What he is called; `null` takes it away.", Shape::line(DisplayName::MAX_CHARS))
        .optional("picture", "Where his picture is.", Shape::text(PictureUrl::MAX_BYTES).matching(PICTURE))
        .optional("locale", "In which language he is spoken to.", locale)
}

/// Reads what a trusted back end may change of anybody: the same, and `deactivated`.
pub fn anybodys(body: &Object) -> Result<PersonChange, Problem> {
    let mut fields = Fields::of(body);
    let change = profile(&mut fields);
    let standing = fields
        .optional("deactivated", fields::flag)
        .map(|is_deactivated| if is_deactivated { Standing::Deactivated } else { Standing::Active });
    fields.finish(Some(PersonChange { standing, ..change }))
}

/// What [`anybodys`] takes.
pub fn anybodys_shape() -> Shape {
    own_shape().optional("deactivated", "Whether he is refused everywhere.", Shape::flag())
}

/// An http or https URL without white space.
const PICTURE: &str = r"^https?://[^/\s\u0000-\u001f\u007f-\u009f][^\s\u0000-\u001f\u007f-\u009f]*$";

fn profile(fields: &mut Fields<'_>) -> PersonChange {
    PersonChange {
        name: fields.edit("name", |value| checked(value, DisplayName::parse)),
        picture: fields.edit("picture", |value| checked(value, PictureUrl::parse)),
        locale: fields.edit("locale", |value| checked(value, Locale::parse)),
        standing: None,
    }
}

fn checked<T>(value: &Value, parse: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<T, String> {
    parse(fields::text(value)?).map_err(|invalid| invalid.to_string())
}
