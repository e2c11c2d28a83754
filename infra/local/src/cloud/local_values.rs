//! The one place where the local cloud differs from what the template says for AWS.

use std::collections::BTreeMap;

use crate::s3;
use crate::template::Template;

/// The region that ARNs, events and functions name, unless `AWS_REGION` says otherwise.
pub const REGION: &str = "us-east-1";

/// The secret with which tokens are signed, and the variable that overrides it.
pub const TOKEN_SECRET: (&str, &str) = ("JwtSecret", "JWT_SECRET");

/// What on AWS the nested stack `Network` answers, and where the variable that overrides it stands.
pub const REDIS_URL: (&str, &str) = ("Network.Outputs.RedisUrl", "REDIS_URL");

/// The pair that signs the addresses of files: the secret, the parameter with its public half, and the key's id at the CDN.
pub const MEDIA_KEY: (&str, &str, &str) = ("MediaPrivateKey", "MediaPublicKey", "MediaKey");

/// The bucket whose files the CDN serves.
pub const MEDIA_BUCKET: &str = "AttachmentBucket";

/// Drawn anew at each start: the embedded Redis forgets at the end, another data directory has other conversations.
pub const STACK_ID: &str = "STACK_ID";

/// Pages on this machine may connect, whatever their port.
const ALLOWED_ORIGINS: &str = "http://localhost:*,http://127.0.0.1:*,https://localhost:*,https://127.0.0.1:*";

/// Parameters that the host's environment sets under these names.
const FROM_ENVIRONMENT: [(&str, &str); 4] = [
    ("AllowedOrigins", "ALLOWED_ORIGINS"),
    ("JwtJwksUrl", "JWT_JWKS_URL"),
    ("JwtIssuer", "JWT_ISSUER"),
    ("JwtAudience", "JWT_AUDIENCE"),
];

/// The values of the template's parameters: local ones, those of the environment over them, those of flags over all.
pub fn parameters(
    template: &Template,
    relays: usize,
    environment: impl Fn(&str) -> Option<String>,
    flags: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = [
        ("AllowedOrigins", ALLOWED_ORIGINS.to_owned()),
        ("RelayCount", relays.to_string()),
        ("RelayImage", "local:build".to_owned()),
    ]
    .into_iter()
    .filter(|(name, _)| template.has_parameter(name))
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (name, variable) in FROM_ENVIRONMENT {
        if let Some(value) = environment(variable).filter(|value| !value.is_empty()) {
            parameters.insert(name.to_owned(), value);
        }
    }
    parameters.extend(flags.clone());
    parameters
}

/// The parameters that limit how fast callers may be end so.
const RATE: &str = "PerSecond";

/// Values by which nobody is limited.
pub fn no_rate_limits(template: &Template) -> BTreeMap<String, String> {
    let rates = template.parameters().filter(|name| name.ends_with(RATE));
    rates.map(|name| (name.to_owned(), "0".to_owned())).collect()
}

/// Services as the AWS SDK's variables name them, and as `/_local/endpoints` does.
const SERVICES: [(&str, &str); 6] = [
    ("DYNAMODB", "dynamodb"),
    ("SQS", "sqs"),
    ("S3", "s3"),
    ("LAMBDA", "lambda"),
    ("EVENTBRIDGE", "events"),
    ("APIGATEWAYMANAGEMENTAPI", "connections"),
];

/// What every function and relay is given besides: where AWS is, and credentials that S3 alone checks.
pub fn environment(
    region: &str,
    endpoints: &BTreeMap<String, String>,
    host: impl Fn(&str) -> Option<String>,
) -> Vec<(String, String)> {
    let (key, secret) = s3::CREDENTIALS;
    let fixed = [
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let endpoints = SERVICES.iter().map(|(service, name)| {
        let variable = format!("AWS_ENDPOINT_URL_{service}");
        let url = host(&variable).or_else(|| endpoints.get(*name).cloned()).unwrap_or_default();
        (variable, url)
    });
    fixed.into_iter().chain(endpoints).collect()
}
