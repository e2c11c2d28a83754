//! The secrets that the template has generated: drawn once, then kept in the data directory, readable by its owner only.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::template::SecretSpec;

const FILE: &str = "secrets.json";

/// Makes a secret that no specification describes; nothing leaves the specification its way.
pub type Special<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The values by logical id, those that are new drawn and kept.
pub fn open(
    data_dir: &Path,
    specs: &BTreeMap<String, SecretSpec>,
    special: Special<'_>,
) -> io::Result<BTreeMap<String, String>> {
    let path = data_dir.join(FILE);
    // Two programs that start at once, say two terminals with `chat`, must not draw two secrets.
    let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(path.with_extension("lock"))?;
    lock.lock()?;
    let mut values: BTreeMap<String, String> = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    let known = values.len();
    for (logical_id, spec) in specs {
        let draw = || special(logical_id).unwrap_or_else(|| spec.generate());
        values.entry(logical_id.clone()).or_insert_with(draw);
    }
    if values.len() > known {
        keep(&path, &values)?;
    }
    Ok(values)
}

/// Replaces the file at one instant.
fn keep(path: &Path, values: &BTreeMap<String, String>) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(serde_json::to_string_pretty(values)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Circumstances, Template};

    #[test]
    fn a_secret_is_drawn_once_and_kept() {
        let template = "Resources: {Key: {Type: 'AWS::SecretsManager::Secret', Properties: \
                        {GenerateSecretString: {PasswordLength: 40, ExcludePunctuation: true}}}}";
        let specs = Template::parse(template).unwrap().secrets(&Circumstances::default()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let first = open(directory.path(), &specs, &|_| None).unwrap();
        assert_eq!(first["Key"].len(), 40);
        assert!(first["Key"].chars().all(|character| character.is_ascii_alphanumeric()));
        assert_eq!(open(directory.path(), &specs, &|_| None).unwrap(), first);
    }

    #[test]
    fn programs_that_start_at_once_agree_on_one_secret() {
        let template =
            "Resources: {Key: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}}";
        let specs = Template::parse(template).unwrap().secrets(&Circumstances::default()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let drawn: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| open(directory.path(), &specs, &|_| None).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(drawn.iter().all(|values| *values == drawn[0]));
    }
}
