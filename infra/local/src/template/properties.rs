//! A resource's properties, taken one by one: what is left at the end is not supported and refused by name.

use serde_json::{Map, Value};

use super::error::TemplateError;
use super::resolver::{Resolver, plain_text};

pub(super) struct Properties<'a> {
    pub logical_id: &'a str,
    rest: Map<String, Value>,
    resolver: &'a Resolver<'a>,
}

impl<'a> Properties<'a> {
    pub fn new(logical_id: &'a str, properties: Map<String, Value>, resolver: &'a Resolver<'a>) -> Self {
        Self { logical_id, rest: properties, resolver }
    }

    pub fn error(&self, reason: impl Into<String>) -> TemplateError {
        TemplateError::resource(self.logical_id, reason)
    }

    /// The resolved value of a property.
    pub fn take(&mut self, name: &str) -> Result<Option<Value>, TemplateError> {
        let Some(value) = self.rest.remove(name) else { return Ok(None) };
        self.resolver.resolve(&value).map_err(|error| self.error(format!("{name}: {error}")))
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, TemplateError> {
        let value = self.take(name)?;
        let text = value.as_ref().map(plain_text).transpose();
        text.map_err(|error| self.error(format!("{name}: {error}")))
    }

    pub fn required_text(&mut self, name: &str) -> Result<String, TemplateError> {
        self.text(name)?.ok_or_else(|| self.error(format!("{name} is missing")))
    }

    pub fn number(&mut self, name: &str) -> Result<Option<u64>, TemplateError> {
        let text = self.text(name)?;
        let number = text.map(|text| text.parse()).transpose();
        number.map_err(|_| self.error(format!("{name} is no number")))
    }

    /// Refuses any other value than these.
    pub fn expect(&mut self, name: &str, supported: &[&str]) -> Result<(), TemplateError> {
        match self.text(name)? {
            Some(value) if !supported.contains(&value.as_str()) => {
                Err(self.error(format!("{name}: {value} is not supported")))
            }
            _ => Ok(()),
        }
    }

    /// Passes over properties that mean nothing here, unresolved.
    pub fn pass_over(&mut self, names: &[&str]) {
        for name in names {
            self.rest.remove(*name);
        }
    }

    /// Everything that is left, resolved.
    pub fn take_all(&mut self) -> Result<Value, TemplateError> {
        let rest = Value::Object(std::mem::take(&mut self.rest));
        let resolved = self.resolver.resolve(&rest).map_err(|error| self.error(error))?;
        Ok(resolved.unwrap_or_default())
    }

    pub fn finish(self) -> Result<(), TemplateError> {
        match self.rest.keys().next() {
            Some(name) => Err(self.error(format!("the property {name} is not supported"))),
            None => Ok(()),
        }
    }
}
