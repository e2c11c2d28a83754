//! Reading templates: the project's own, and what is refused by name.

use std::collections::BTreeMap;
use std::path::Path;

use parlance_local::template::{Circumstances, System, Template, TemplateError};

use crate::stage::TEMPLATE;

fn circumstances(parameters: &[(&str, &str)]) -> Circumstances {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Circumstances {
        region: "us-east-1".into(),
        parameters: parameters.iter().map(pair).collect(),
        attributes: BTreeMap::from([
            ("Network.Outputs.RedisUrl".into(), "redis://here".into()),
            ("ChatTable.StreamArn".into(), "arn:stream".into()),
        ]),
        sqs_url: "http://127.0.0.1:1".into(),
        secrets: BTreeMap::from([
            ("JwtSecret".into(), "jwt".into()),
            ("SigningSecret".into(), "signing".into()),
        ]),
    }
}

fn own(parameters: &[(&str, &str)]) -> System {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    Template::read(&path).unwrap().system(&circumstances(parameters)).unwrap()
}

fn environment<'a>(system: &'a System, function: &str) -> &'a BTreeMap<String, String> {
    &system.functions.iter().find(|candidate| candidate.name.as_str() == function).unwrap().environment
}

#[test]
fn the_projects_template_is_understood_whole() {
    let system = own(&[]);
    let sockets = system.sockets.as_ref().unwrap();
    assert_eq!(sockets.stage, "live");
    assert!(sockets.routes["message.send"].is_two_way && sockets.routes["$default"].is_two_way);
    assert!(!sockets.routes["$connect"].is_two_way);
    assert_eq!(sockets.authorizer.as_ref().unwrap().function.as_str(), "WsAuthorizerFunction");
    assert!(sockets.authorizer.as_ref().unwrap().identity_sources.is_empty());
    let http = system.http.as_ref().unwrap();
    assert!(
        http.routes.iter().any(|route| (route.method.as_str(), route.path.as_str()) == ("GET", "/healthz"))
    );
    assert!(http.routes.iter().all(|route| !route.path.ends_with('/')));
    let send = environment(&system, "WsMessageSendFunction");
    assert_eq!(send["CHAT_TABLE"], "ChatTable");
    assert_eq!(send["REDIS_URL"], "redis://here");
    assert_eq!(send["FAN_OUT_FUNCTION"], "FanOutFunction");
    assert_eq!(send["STACK_ID"], "arn:stream");
    assert_eq!(environment(&system, "WsAuthorizerFunction")["JWT_SECRET"], "jwt");
    assert!(system.services.is_empty());
    assert_eq!(system.buckets[0].name, "attachmentbucket");
    assert!(system.buckets[0].tells_event_bridge);
    assert_eq!(system.plans[0].bucket, system.buckets[0].name);
    assert_eq!(system.plans[0].prefixes, ["quarantine/"]);
}

#[test]
fn conditions_and_parameters_decide_what_there_is() {
    let without = own(&[("Redis", "none")]);
    assert_eq!(environment(&without, "WsMessageSendFunction")["REDIS_URL"], "");
    let relays = own(&[("RelayCount", "2"), ("RelayImage", "x:y")]);
    assert_eq!(relays.services[0].binary, "parlance-relay");
    assert_eq!(relays.services[0].environment["REDIS_URL"], "redis://here");
    assert!(without.buses.is_empty() && environment(&without, "OnLogEntryFunction")["EVENT_BUS"].is_empty());
    let bus = own(&[("EventBus", "create")]);
    assert_eq!(bus.buses, ["DurableEventBus"]);
    assert_eq!(environment(&bus, "OnLogEntryFunction")["EVENT_BUS"], "DurableEventBus");
    let origins = own(&[("AllowedOrigins", "https://a.example,https://b.example")]);
    let cors = origins.http.as_ref().unwrap().cors.as_ref().unwrap();
    assert_eq!(cors.allow_origins, ["https://a.example", "https://b.example"]);
    let allowed = &environment(&origins, "WsAuthorizerFunction")["ALLOWED_ORIGINS"];
    assert_eq!(allowed, "https://a.example,https://b.example");
}

fn refusal(change: impl FnOnce(String) -> String) -> String {
    let read = Template::parse(&change(TEMPLATE.to_owned()));
    let outcome: Result<System, TemplateError> =
        read.and_then(|template| template.system(&circumstances(&[])));
    outcome.expect_err("the template was accepted").to_string()
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    Template::parse(TEMPLATE).unwrap().system(&circumstances(&[])).unwrap();
    let replaced = |from: &'static str, to: &'static str| {
        refusal(move |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        })
    };
    for (from, to, names) in [
        ("AWS::DynamoDB::Table", "AWS::Neptune::DBCluster", ["Things", "AWS::Neptune::DBCluster"]),
        ("Globals:", "Hooks: {}\nGlobals:", ["Hooks", "section"]),
        (
            "RouteKey: two,",
            "RouteKey: two, ModelSelectionExpression: x,",
            ["Two", "ModelSelectionExpression"],
        ),
        ("$request.body.type", "$request.header.type", ["Api", "$request.header.type"]),
        ("!Ref Http, Method: ANY", "!GetAtt Http.Nothing, Method: ANY", ["Pages", "Nothing"]),
        ("!Ref Http, Method: ANY", "!Cidr [a, 1], Method: ANY", ["Pages", "Fn::Cidr"]),
        ("Timeout: 2", "Timeout: 2, SnapStart: {}", ["Authorizer", "SnapStart"]),
        ("PasswordLength: 40", "SecretStringTemplate: x", ["JwtSecret", "SecretStringTemplate"]),
        ("Condition: Never", "Condition: Unknown", ["Absent", "Unknown"]),
        (
            "Type: HttpApi, Properties: {ApiId: !Ref Http, Method: GET, Path: /missing}",
            "Type: Kinesis",
            ["Missing", "Kinesis"],
        ),
        ("AuthorizerType: REQUEST", "AuthorizerType: JWT", ["Guard", "JWT"]),
        ("detail-type: [thing.made]", "detail-type: [{wildcard: thing}]", ["Made", "wildcard"]),
        ("Id: queue,", "Id: queue, InputPath: $.detail,", ["Made", "InputPath"]),
        (
            "Pattern: {source: [tests]}",
            "Pattern: {source: [tests]}, InputPath: $.detail",
            ["Told", "InputPath"],
        ),
    ] {
        let message = replaced(from, to);
        assert!(names.iter().all(|name| message.contains(name)), "{message}");
    }
}

#[test]
fn a_parameter_that_does_not_exist_is_refused() {
    let template = Template::parse(TEMPLATE).unwrap();
    let error = template.system(&circumstances(&[("Redsi", "none")])).unwrap_err().to_string();
    assert!(error.contains("Redsi"), "{error}");
}
