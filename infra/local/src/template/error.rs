//! Why a template cannot be run here; it always names what it stumbled over.

use std::path::PathBuf;

/// The template, or something in it, is not understood.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no YAML.
    #[error("the template is no YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    /// A part of the template other than a resource.
    #[error("template.yaml: {place}: {reason}")]
    Part {
        /// Where.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A resource.
    #[error("template.yaml: resource {logical_id}: {reason}")]
    Resource {
        /// Which.
        logical_id: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TemplateError {
    pub(super) fn part(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Part { place: place.into(), reason: reason.into() }
    }

    pub(super) fn resource(logical_id: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Resource { logical_id: logical_id.into(), reason: reason.into() }
    }
}
