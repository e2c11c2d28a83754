//! The WebSocket API, gathered from the six kinds of resources that describe it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::error::TemplateError;
use super::properties::Properties;
use super::resolver::Resolver;
use super::system::{IdentitySource, SocketApi, SocketAuthorizer, SocketRoute};
use crate::gateway::SelectionExpression;
use crate::lambda::FunctionName;

/// The parts, until all of them have been seen.
#[derive(Default)]
pub(super) struct Parts {
    api: Option<(String, String, SelectionExpression)>,
    stage: Option<(String, String)>,
    authorizers: HashMap<String, SocketAuthorizer>,
    integrations: HashMap<String, FunctionName>,
    routes: BTreeMap<String, Route>,
    route_responses: HashSet<String>,
}

struct Route {
    key: String,
    integration: String,
    authorizer: Option<String>,
    selects_response: bool,
}

impl Parts {
    pub fn read(
        &mut self,
        logical_id: &str,
        kind: &str,
        properties: Map<String, Value>,
        resolver: &Resolver<'_>,
    ) -> Result<(), TemplateError> {
        let mut properties = Properties::new(logical_id, properties, resolver);
        match kind {
            "Api" => self.read_api(&mut properties, resolver)?,
            "Stage" => {
                let api = properties.required_text("ApiId")?;
                let name = properties.required_text("StageName")?;
                if self.stage.replace((api, name)).is_some() {
                    return Err(properties.error("a second stage is not supported"));
                }
                properties.pass_over(&[
                    "AccessLogSettings",
                    "AutoDeploy",
                    "DefaultRouteSettings",
                    "DeploymentId",
                    "Description",
                    "RouteSettings",
                    "Tags",
                ]);
            }
            "Authorizer" => self.read_authorizer(&mut properties)?,
            "Integration" => {
                properties.expect("IntegrationType", &["AWS_PROXY"])?;
                properties.expect("IntegrationMethod", &["POST"])?;
                properties.pass_over(&["ApiId", "Description", "ConnectionType", "PayloadFormatVersion"]);
                let uri = properties.required_text("IntegrationUri")?;
                let function =
                    function_of(&uri).ok_or_else(|| properties.error("IntegrationUri names no function"))?;
                self.integrations.insert(logical_id.to_owned(), function);
            }
            "Route" => self.read_route(&mut properties)?,
            "RouteResponse" => {
                properties.expect("RouteResponseKey", &["$default"])?;
                properties.pass_over(&["ApiId"]);
                self.route_responses.insert(properties.required_text("RouteId")?);
            }
            // Deployments are what AutoDeploy does.
            "Deployment" => properties.pass_over(&["ApiId", "Description", "StageName"]),
            other => return Err(properties.error(format!("AWS::ApiGatewayV2::{other} is not supported"))),
        }
        properties.finish()
    }

    fn read_api(
        &mut self,
        properties: &mut Properties<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<(), TemplateError> {
        properties.expect("ProtocolType", &["WEBSOCKET"])?;
        let expression = properties.required_text("RouteSelectionExpression")?;
        let Some(selection) = SelectionExpression::parse(&expression) else {
            return Err(properties.error(format!("RouteSelectionExpression: {expression} is not supported")));
        };
        properties.pass_over(&["Name", "Description", "IpAddressType", "DisableExecuteApiEndpoint", "Tags"]);
        let reference =
            Value::Object(Map::from_iter([("Ref".to_owned(), Value::from(properties.logical_id))]));
        let id = resolver.resolve(&reference).map_err(|error| properties.error(error))?;
        let id = id.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.api.replace((properties.logical_id.to_owned(), id, selection)).is_some() {
            return Err(properties.error("a second WebSocket API is not supported"));
        }
        Ok(())
    }

    fn read_authorizer(&mut self, properties: &mut Properties<'_>) -> Result<(), TemplateError> {
        properties.expect("AuthorizerType", &["REQUEST"])?;
        properties.pass_over(&["ApiId", "Name", "AuthorizerCredentialsArn"]);
        let uri = properties.required_text("AuthorizerUri")?;
        let function =
            function_of(&uri).ok_or_else(|| properties.error("AuthorizerUri names no function"))?;
        let sources = properties.take("IdentitySource")?.unwrap_or_default();
        let mut identity_sources = Vec::new();
        for source in sources.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let header = source.strip_prefix("route.request.header.").map(str::to_owned);
            let query = source.strip_prefix("route.request.querystring.").map(str::to_owned);
            identity_sources.push(match (header, query) {
                (Some(header), _) => IdentitySource::Header(header),
                (_, Some(query)) => IdentitySource::Query(query),
                _ => return Err(properties.error(format!("IdentitySource: {source} is not supported"))),
            });
        }
        let authorizer = SocketAuthorizer { function, identity_sources };
        self.authorizers.insert(properties.logical_id.to_owned(), authorizer);
        Ok(())
    }

    fn read_route(&mut self, properties: &mut Properties<'_>) -> Result<(), TemplateError> {
        let key = properties.required_text("RouteKey")?;
        let target = properties.required_text("Target")?;
        let Some(integration) = target.strip_prefix("integrations/") else {
            return Err(properties.error("Target names no integration"));
        };
        let selects_response = match properties.text("RouteResponseSelectionExpression")?.as_deref() {
            None => false,
            Some("$default") => true,
            Some(other) => {
                let reason = format!("RouteResponseSelectionExpression: {other} is not supported");
                return Err(properties.error(reason));
            }
        };
        properties.expect("AuthorizationType", &["NONE", "CUSTOM"])?;
        properties.pass_over(&["ApiId", "ApiKeyRequired", "OperationName"]);
        let authorizer = properties.text("AuthorizerId")?;
        let integration = integration.to_owned();
        let route = Route { key, integration, authorizer, selects_response };
        self.routes.insert(properties.logical_id.to_owned(), route);
        Ok(())
    }

    /// Joins the parts; none if the template has no WebSocket API.
    pub fn join(self) -> Result<Option<SocketApi>, TemplateError> {
        let Some((api_logical_id, id, selection)) = self.api else { return Ok(None) };
        let Some((_, stage)) = self.stage.filter(|(api, _)| *api == id) else {
            return Err(TemplateError::resource(api_logical_id, "has no stage"));
        };
        let mut routes = HashMap::new();
        let mut authorizer = None;
        for (logical_id, route) in self.routes {
            let refuse = |reason: &str| TemplateError::resource(&logical_id, reason);
            let function = self
                .integrations
                .get(&route.integration)
                .ok_or_else(|| refuse("its integration is missing"))?;
            if let Some(wanted) = &route.authorizer {
                if route.key != "$connect" {
                    return Err(refuse("only $connect can have an authorizer"));
                }
                let found =
                    self.authorizers.get(wanted).ok_or_else(|| refuse("its authorizer is missing"))?;
                authorizer = Some(found.clone());
            }
            let is_two_way = route.selects_response && self.route_responses.contains(&logical_id);
            routes.insert(route.key, SocketRoute { function: function.clone(), is_two_way });
        }
        Ok(Some(SocketApi { id, stage, selection, routes, authorizer }))
    }
}

/// The function's name in `…functions/arn:…:function:Name/invocations`.
fn function_of(uri: &str) -> Option<FunctionName> {
    let name = uri.strip_suffix("/invocations")?.rsplit_once(":function:")?.1;
    Some(FunctionName::new(name))
}
