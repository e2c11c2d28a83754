//! What the sources say of binaries, handlers and variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the workspace lies.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file with this ending below a folder of the workspace, by its path from the root.
pub fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn stem(path: &str) -> String {
    Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The first line's leading code, as in ``//! `ping` → …``.
fn route_of(source: &str) -> Option<&str> {
    source.strip_prefix("//! `")?.split_once('`').map(|(route, _)| route)
}

/// The names of the functions' binaries.
pub fn binaries() -> BTreeSet<String> {
    files("functions/src/bin", ".rs").keys().map(|path| stem(path)).collect()
}

/// Modules of functions/src/ws that begin with a route, and that route.
pub fn socket_handlers() -> BTreeMap<String, String> {
    let sources = files("functions/src/ws", ".rs");
    let handlers =
        sources.iter().filter_map(|(path, source)| Some((stem(path), route_of(source)?.to_owned())));
    handlers.collect()
}

/// The text of what answers `$default`: its main and, if there is one, its module.
pub fn sources_of_default() -> String {
    let mains = files("functions/src/bin", "ws-default.rs").into_values();
    mains.chain(files("functions/src/ws", "default.rs").into_values()).collect()
}

/// Method and path in the first line of each HTTP handler, and the binary that its place names.
pub fn http_handlers() -> BTreeMap<(String, String), String> {
    let mut handlers = BTreeMap::new();
    for (path, source) in files("functions/src/http", ".rs") {
        let Some((method, route)) = route_of(&source).and_then(|route| route.split_once(' ')) else {
            continue;
        };
        let place = path.trim_start_matches("functions/src/http/").trim_end_matches(".rs");
        let resource = place.split('/').next().unwrap().replace('_', "-");
        let before = handlers.insert((method.to_owned(), route.to_owned()), format!("http-{resource}"));
        assert_eq!(before, None, "{method} {route} has two handlers");
    }
    handlers
}

/// Every environment variable that functions, relay or their adapters name, the runtime's and the SDK's own left out.
pub fn variables_read() -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    for folder in ["functions/src", "infra/relay/src", "shared/adapters/src", "shared/edge/src"] {
        for source in files(folder, ".rs").values() {
            let code = source.split("#[cfg(test)]").next().unwrap();
            read.extend(code.split('"').filter(|text| is_variable(text)).map(str::to_owned));
        }
    }
    read
}

fn is_variable(text: &str) -> bool {
    let is_name = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.contains('_')
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    // The last is serde's name for names like these.
    is_name && !text.starts_with("AWS_") && !["RUST_LOG", "SCREAMING_SNAKE_CASE"].contains(&text)
}
