//! `AWS::SecretsManager::Secret` with a value that is generated once.

use rand::RngExt as _;
use serde_json::Value;

use super::error::TemplateError;
use super::properties::Properties;

/// How a secret's value is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSpec {
    length: usize,
    alphabet: Vec<char>,
}

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

impl SecretSpec {
    pub(super) fn read(mut properties: Properties<'_>) -> Result<Self, TemplateError> {
        properties.pass_over(&["Description", "KmsKeyId", "Name", "Tags"]);
        let Some(generate) = properties.take("GenerateSecretString")? else {
            return Err(properties.error("GenerateSecretString is missing"));
        };
        let mut spec = Self { length: 32, alphabet: ('!'..='~').collect() };
        for (name, value) in generate.as_object().into_iter().flatten() {
            let is_true = *value == Value::Bool(true) || value == "true";
            match name.as_str() {
                "PasswordLength" => {
                    let length = value.as_u64().and_then(|length| usize::try_from(length).ok());
                    spec.length = length.ok_or_else(|| properties.error("PasswordLength is no number"))?;
                }
                "ExcludePunctuation" if is_true => {
                    spec.alphabet.retain(|character| !PUNCTUATION.contains(*character));
                }
                "ExcludeCharacters" => {
                    let excluded = value.as_str().unwrap_or_default();
                    spec.alphabet.retain(|character| !excluded.contains(*character));
                }
                "ExcludePunctuation" | "IncludeSpace" | "RequireEachIncludedType" => {}
                other => {
                    return Err(properties.error(format!("GenerateSecretString: {other} is not supported")));
                }
            }
        }
        properties.finish()?;
        Ok(spec)
    }

    /// Draws a value.
    pub fn generate(&self) -> String {
        let mut random = rand::rng();
        let draw = |_| self.alphabet.get(random.random_range(0..self.alphabet.len().max(1))).copied();
        (0..self.length).filter_map(draw).collect()
    }
}
