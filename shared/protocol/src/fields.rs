//! The strict reader of request bodies: every field has one type, `null` means absent, and each mistake is told with its pointer.

use std::{fmt::Display, str::FromStr};

use parlance_domain::profile::Edit;
use serde_json::{Map, Value};

use crate::problem::{FieldError, Problem};

/// A JSON object, as every request's body is.
pub type Object = Map<String, Value>;

/// Reads the body of an HTTP request: bytes that are no JSON are malformed, JSON that is no object is not valid.
pub fn object(body: &[u8]) -> Result<Object, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::invalid("", "must be a JSON object")),
        Err(_) => Err(Problem::malformed("the body is not valid JSON")),
    }
}

/// Takes the parameters of a query for fields whose values are texts; of a repeated one the last counts.
pub fn query<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Object {
    parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

/// Reads an id from a path: one that cannot exist is simply not there.
pub fn path_id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// The fields of one object, and what was found wrong with them so far.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Object,
    at: String,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Begins with an object at the root.
    pub fn of(object: &'a Object) -> Self {
        Self { object, at: String::new(), errors: Vec::new() }
    }

    /// A field that may be absent.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => match parse(value) {
                Ok(parsed) => Some(parsed),
                Err(message) => {
                    self.refuse(name, message);
                    None
                }
            },
        }
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        if matches!(self.object.get(name), None | Some(Value::Null)) {
            self.refuse(name, "is required");
        }
        self.optional(name, parse)
    }

    /// A field that is to be changed: absent leaves it as it is, `null` takes it away.
    pub fn edit<T>(&mut self, name: &str, parse: impl FnOnce(&'a Value) -> Result<T, String>) -> Edit<T> {
        match self.object.get(name) {
            None => Edit::Keep,
            Some(Value::Null) => Edit::Clear,
            Some(_) => self.optional(name, parse).map_or(Edit::Keep, Edit::Set),
        }
    }

    /// A list of at most `max` values, empty where absent; each mistake is told with its index.
    pub fn list<T>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Vec<T> {
        let values = self.optional(name, |value| value.as_array().ok_or_else(|| "must be a list".to_owned()));
        let values = values.map_or(&[][..], Vec::as_slice);
        if values.len() > max {
            self.refuse(name, format!("at most {max} items"));
            return Vec::new();
        }
        let mut parsed = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            match parse(value) {
                Ok(value) => parsed.push(value),
                Err(message) => self.refuse(&format!("{name}/{index}"), message),
            }
        }
        parsed
    }

    /// An object within this one, read by `read` with pointers that begin with its name.
    pub fn nested<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Option<T> {
        let object =
            self.optional(name, |value| value.as_object().ok_or_else(|| "must be an object".to_owned()))?;
        let mut inner = Fields { object, at: format!("{}/{name}", self.at), errors: Vec::new() };
        let value = read(&mut inner);
        self.errors.append(&mut inner.errors);
        value
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError { pointer: format!("{}/{name}", self.at), message: message.into() });
    }

    /// Whether a field is there at all.
    pub fn has(&self, name: &str) -> bool {
        !matches!(self.object.get(name), None | Some(Value::Null))
    }

    /// Whether a field is a list without items.
    pub fn holds_empty_list(&self, name: &str) -> bool {
        self.object.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty)
    }

    /// The request, unless something was wrong: then everything that was.
    pub fn finish<T>(self, request: Option<T>) -> Result<T, Problem> {
        match request {
            Some(request) if self.errors.is_empty() => Ok(request),
            _ => Err(Problem::validation(self.errors)),
        }
    }
}

/// A text.
pub fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be a string".to_owned())
}

/// A text with a grammar of its own, an id above all.
pub fn parsed<T>(value: &Value) -> Result<T, String>
where
    T: FromStr,
    T::Err: Display,
{
    text(value)?.parse().map_err(|error: T::Err| format!("must be {error}"))
}

/// A whole number that is not negative.
pub fn number(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| "must be a whole number that is not negative".to_owned())
}

/// A whole number that is not negative, as a query spells it.
pub fn number_in_query(value: &Value) -> Result<u64, String> {
    let digits = text(value)?;
    let number = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
    number.ok_or_else(|| "must be a whole number that is not negative".to_owned())
}

/// `true` or `false`, as a query spells it.
pub fn flag_in_query(value: &Value) -> Result<bool, String> {
    match text(value)? {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// `true` or `false`.
pub fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// One of a few names.
pub fn name<T>(parse: impl FnOnce(&str) -> Option<T>, value: &Value, names: &str) -> Result<T, String> {
    text(value).ok().and_then(parse).ok_or_else(|| format!("must be one of {names}"))
}
