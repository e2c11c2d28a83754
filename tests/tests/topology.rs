//! Binaries, template, routes and handlers agree in both directions, and crates keep to their layers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

#[path = "topology/house.rs"]
mod house;
#[path = "topology/readers.rs"]
mod readers;
#[path = "topology/sources.rs"]
mod sources;
#[path = "topology/specifications.rs"]
mod specifications;
#[path = "topology/template.rs"]
mod template;

use std::collections::{BTreeMap, BTreeSet};

use self::template::Template;

/// The binaries that a route may lead to: its own, or that of its family (`ws-typing` of `typing.start`).
fn binaries_of_route(route: &str) -> [String; 2] {
    let name = route.trim_start_matches('$').replace(['.', '_'], "-");
    let family = route.split('.').next().unwrap().trim_start_matches('$');
    [format!("ws-{name}"), format!("ws-{family}")]
}

#[test]
fn every_binary_has_its_stanza_and_every_stanza_its_binary() {
    let stanzas: BTreeSet<String> = Template::read().functions().into_values().collect();
    assert_eq!(sources::binaries(), stanzas, "functions/src/bin on the left, template.yaml on the right");
}

#[test]
fn a_function_is_called_what_its_binary_is_called() {
    for (logical_id, binary) in Template::read().functions() {
        let camel: String = binary
            .split('-')
            .map(|word| {
                word.chars()
                    .take(1)
                    .flat_map(char::to_uppercase)
                    .chain(word.chars().skip(1))
                    .collect::<String>()
            })
            .collect();
        assert_eq!(logical_id, format!("{camel}Function"));
    }
}

#[test]
fn every_socket_route_leads_to_the_function_that_bears_its_name() {
    let template = Template::read();
    let functions = template.functions();
    let routes = template.socket_routes();
    assert!(routes.contains_key("$connect") && routes.contains_key("$default"));
    for (route, function) in routes {
        assert!(
            binaries_of_route(&route).contains(&functions[&function]),
            "route {route} leads to {function}"
        );
    }
}

#[test]
fn every_socket_route_has_a_handler_that_names_it_in_its_first_line() {
    let handlers = sources::socket_handlers();
    for route in Template::read().socket_routes().into_keys().filter(|route| route != "$default") {
        let module = route.trim_start_matches('$').replace('.', "_");
        assert_eq!(
            handlers.get(&module),
            Some(&route),
            "functions/src/ws/{module}.rs does not begin with its route"
        );
    }
}

#[test]
fn every_socket_handler_is_reached_by_its_route_or_by_default() {
    let routes = Template::read().socket_routes();
    let default = sources::sources_of_default();
    for (module, route) in sources::socket_handlers() {
        assert!(
            routes.contains_key(&route) || default.contains(&format!("{module}::")),
            "nothing leads to functions/src/ws/{module}.rs"
        );
    }
}

#[test]
fn routes_that_answer_have_a_route_response_and_typing_has_none() {
    let template = Template::read();
    let two_way = template.two_way_routes();
    for route in template.socket_routes().into_keys() {
        let answers = !route.starts_with("typing.") && route != "$connect" && route != "$disconnect";
        assert_eq!(two_way.contains(&route), answers, "route {route}");
    }
    assert_eq!(two_way, template.routes_with_a_response());
}

#[test]
fn every_http_route_has_one_handler_and_every_handler_its_route() {
    let routes: BTreeMap<(String, String), String> = Template::read().http_routes();
    let handlers = sources::http_handlers();
    assert_eq!(
        handlers.keys().collect::<Vec<_>>(),
        routes.keys().collect::<Vec<_>>(),
        "functions/src/http on the left, template.yaml on the right"
    );
    for (route, binary) in &routes {
        assert_eq!(
            handlers.get(route),
            Some(binary),
            "{route:?} is answered by another function than its folder says"
        );
    }
}

#[test]
fn no_http_route_ends_in_a_slash() {
    for (method, path) in Template::read().http_routes().into_keys() {
        assert!(path == "/" || !path.ends_with('/'), "{method} {path}");
    }
}

#[test]
fn every_relay_stanza_names_a_binary_of_infra() {
    let services = Template::read().services();
    assert_eq!(services, BTreeSet::from(["parlance-relay".to_owned()]));
    let manifest = std::fs::read_to_string(sources::root().join("infra/relay/Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"parlance-relay\""));
}

#[test]
fn every_variable_that_is_read_is_given_and_every_one_that_is_given_is_read() {
    let mut given = Template::read().variables();
    given.retain(|name| !name.starts_with("AWS_"));
    assert_eq!(sources::variables_read(), given, "the sources on the left, template.yaml on the right");
}
