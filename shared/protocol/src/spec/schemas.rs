//! The schemas of what is sent, collected from the types that are sent.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The schema of one type: it is named once among the components, and referred to from everywhere else.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Collects what types look like once they are written.
#[derive(Debug)]
pub struct Schemas(SchemaGenerator);

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self(settings.into_generator())
    }
}

impl Schemas {
    /// The reference to a type's schema.
    pub fn refer(&mut self, of: SchemaOf) -> Value {
        of(&mut self.0).to_value()
    }

    /// The same for what is no type of its own.
    pub(super) fn refer_with(&mut self, of: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
        of(&mut self.0).to_value()
    }

    /// The same for what may be nothing.
    pub(super) fn maybe(&mut self, of: impl FnOnce(&mut SchemaGenerator) -> Option<Schema>) -> Option<Value> {
        of(&mut self.0).map(Schema::to_value)
    }

    /// Every schema that was referred to, by name.
    pub fn finish(mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// A text that is one of these names, for fields that hold the name of a domain's value.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Schema {
    schemars::json_schema!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>()})
}
