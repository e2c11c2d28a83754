//! What template.yaml says of functions, routes and variables.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;

use crate::sources;

pub struct Template(Value);

/// The text of a scalar, or of what an intrinsic function refers to.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Tagged(tagged) => text(&tagged.value),
        other => panic!("{other:?} is no text"),
    }
}

impl Template {
    pub fn read() -> Self {
        let path = sources::root().join("template.yaml");
        Self(serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
        let resources = self.0.get("Resources").and_then(Value::as_mapping).unwrap();
        resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == *kind)
            .map(|(id, resource)| (text(id), resource))
    }

    /// Logical ids of functions, and their binaries.
    pub fn functions(&self) -> BTreeMap<String, String> {
        self.of_type("AWS::Serverless::Function")
            .map(|(id, function)| (id, text(&function["Metadata"]["BuildProperties"]["Binary"])))
            .collect()
    }

    /// Binaries of long-lived processes.
    pub fn services(&self) -> BTreeSet<String> {
        self.of_type("AWS::ECS::TaskDefinition").map(|(_, task)| text(&task["Metadata"]["Binary"])).collect()
    }

    /// Route keys of the socket API, and the logical id of the function behind each.
    pub fn socket_routes(&self) -> BTreeMap<String, String> {
        let integrations: BTreeMap<String, String> = self
            .of_type("AWS::ApiGatewayV2::Integration")
            .map(|(id, integration)| {
                let uri = text(&integration["Properties"]["IntegrationUri"]);
                let (_, rest) = uri.split_once("functions/${").unwrap();
                (id, rest.split_once(".Arn}").unwrap().0.to_owned())
            })
            .collect();
        self.of_type("AWS::ApiGatewayV2::Route")
            .map(|(_, route)| {
                let target = text(&route["Properties"]["Target"]);
                let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
                (text(&route["Properties"]["RouteKey"]), integrations.get(integration).unwrap().clone())
            })
            .collect()
    }

    /// Route keys that select an answer.
    pub fn two_way_routes(&self) -> BTreeSet<String> {
        self.of_type("AWS::ApiGatewayV2::Route")
            .filter(|(_, route)| !route["Properties"]["RouteResponseSelectionExpression"].is_null())
            .map(|(_, route)| text(&route["Properties"]["RouteKey"]))
            .collect()
    }

    /// Route keys that have a route response.
    pub fn routes_with_a_response(&self) -> BTreeSet<String> {
        let keys: BTreeMap<String, String> = self
            .of_type("AWS::ApiGatewayV2::Route")
            .map(|(id, route)| (id, text(&route["Properties"]["RouteKey"])))
            .collect();
        self.of_type("AWS::ApiGatewayV2::RouteResponse")
            .map(|(_, response)| keys.get(&text(&response["Properties"]["RouteId"])).unwrap().clone())
            .collect()
    }

    /// Method and path of each HTTP route, and the binary behind it.
    pub fn http_routes(&self) -> BTreeMap<(String, String), String> {
        let mut routes = BTreeMap::new();
        for (id, function) in self.of_type("AWS::Serverless::Function") {
            let binary = text(&function["Metadata"]["BuildProperties"]["Binary"]);
            for event in
                function["Properties"]["Events"].as_mapping().into_iter().flat_map(|events| events.values())
            {
                if event["Type"] == *"HttpApi" {
                    let route = (text(&event["Properties"]["Method"]), text(&event["Properties"]["Path"]));
                    assert_eq!(routes.insert(route, binary.clone()), None, "{id} routes twice");
                }
            }
        }
        routes
    }

    /// Every environment variable that a function or a long-lived process is given.
    pub fn variables(&self) -> BTreeSet<String> {
        let of_all = self.0["Globals"]["Function"]["Environment"]["Variables"].as_mapping();
        let of_all = of_all.into_iter().flat_map(|variables| variables.keys().map(text));
        let of_functions = self
            .of_type("AWS::Serverless::Function")
            .filter_map(|(_, function)| function["Properties"]["Environment"]["Variables"].as_mapping())
            .flat_map(|variables| variables.keys().map(text));
        let of_services = self
            .of_type("AWS::ECS::TaskDefinition")
            .filter_map(|(_, task)| task["Properties"]["ContainerDefinitions"].as_sequence())
            .flatten()
            .filter_map(|container| container["Environment"].as_sequence())
            .flatten()
            .map(|variable| text(&variable["Name"]));
        of_all.chain(of_functions).chain(of_services).collect()
    }
}
