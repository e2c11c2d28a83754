//! The house itself: which crate may name which, and how a file begins.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{files, root};

/// The names under one heading of a manifest.
fn dependencies(manifest: &str, heading: &str) -> BTreeSet<String> {
    let lines = manifest
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Those of the house; a workspace of its own, as the fuzz targets are, only looks at it.
fn manifests() -> BTreeMap<String, String> {
    let all = ["functions", "shared", "infra"].into_iter().flat_map(|folder| files(folder, "Cargo.toml"));
    all.filter(|(_, manifest)| !manifest.lines().any(|line| line == "[workspace]")).collect()
}

#[test]
fn dependencies_point_inwards() {
    let allowed: [(&str, &[&str]); 10] = [
        ("shared/domain", &[]),
        ("shared/application", &["domain"]),
        ("shared/protocol", &["domain"]),
        ("shared/adapters", &["application", "domain"]),
        ("shared/edge", &["application", "protocol", "domain"]),
        ("shared/client", &["domain", "protocol"]),
        ("shared/testkit", &["application", "domain", "protocol"]),
        ("functions", &["edge", "adapters", "application", "protocol", "domain"]),
        ("infra/relay", &["application", "adapters", "domain", "edge", "protocol"]),
        ("infra/local", &["client"]),
    ];
    let manifests = manifests();
    assert_eq!(manifests.len(), allowed.len(), "a crate without a place in the house");
    for (place, may) in allowed {
        for name in dependencies(&manifests[&format!("{place}/Cargo.toml")], "[dependencies]") {
            if let Some(crate_of_ours) = name.strip_prefix("parlance-") {
                assert!(may.contains(&crate_of_ours), "{place} may not depend on {name}");
            }
        }
    }
}

#[test]
fn only_adapters_name_aws_and_only_they_and_the_local_cloud_name_redis() {
    for (path, manifest) in manifests() {
        for name in dependencies(&manifest, "[dependencies]") {
            let is_aws = name.starts_with("aws-");
            assert!(!is_aws || path == "shared/adapters/Cargo.toml", "{path} names {name}");
            let names_redis = name == "redis" || name == "redis-protocol";
            let may = ["shared/adapters/Cargo.toml", "infra/local/Cargo.toml"].contains(&path.as_str());
            assert!(!names_redis || may, "{path} names {name}");
        }
    }
}

#[test]
fn versions_and_features_stand_once_in_the_workspace() {
    for (path, manifest) in manifests().into_iter().chain(files("tests", "Cargo.toml")) {
        let lines = manifest.lines().skip_while(|line| !line.contains("dependencies]"));
        for line in lines.filter(|line| line.contains('=')) {
            assert!(line.ends_with(".workspace = true"), "{path}: {line}");
        }
    }
}

#[test]
fn every_file_begins_by_saying_what_lives_there() {
    for folder in ["functions", "shared", "infra", "tests"] {
        for (path, source) in files(folder, ".rs") {
            assert!(source.starts_with("//! "), "{path} does not say what lives there");
        }
    }
}

#[test]
fn no_file_holds_two_things() {
    for folder in ["functions", "shared", "infra", "tests"] {
        for (path, source) in files(folder, ".rs") {
            assert!(source.lines().count() <= 400, "{path} is past 400 lines");
            assert!(!path.ends_with("/mod.rs"), "{path}: foo.rs beside foo/");
        }
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut documents = files("docs", ".md");
    documents.insert("README.md".to_owned(), std::fs::read_to_string(root().join("README.md")).unwrap());
    for (path, text) in documents {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = rest.split([')', '#']).next().unwrap();
            let is_ours = !target.is_empty() && !target.contains("://");
            assert!(!is_ours || folder.join(target).exists(), "{path} links to {target}, which is not there");
        }
    }
}
