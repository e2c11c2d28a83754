//! Which route a request belongs to: the most specific one wins, as on AWS.

use percent_encoding::percent_decode_str;

use crate::template::HttpRoute;

/// The routes of an API, most specific first.
#[derive(Debug)]
pub(super) struct Routes(Vec<Parsed>);

#[derive(Debug)]
struct Parsed {
    route: HttpRoute,
    segments: Vec<Segment>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Greedy(String),
}

/// A route and the parameters of the path that led to it.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub route: &'a HttpRoute,
    pub parameters: Vec<(&'a str, String)>,
}

impl Routes {
    pub fn new(routes: Vec<HttpRoute>) -> Self {
        let mut parsed: Vec<Parsed> =
            routes.into_iter().map(|route| Parsed { segments: segments(&route.path), route }).collect();
        parsed.sort_by_cached_key(|route| {
            let kinds: Vec<u8> = route.segments.iter().map(Segment::rank).collect();
            let length = route.segments.len();
            (route.route.method == DEFAULT, kinds, usize::MAX - length, route.route.method == ANY)
        });
        Self(parsed)
    }

    pub fn find(&self, method: &str, path: &str) -> Option<Matched<'_>> {
        self.0.iter().find_map(|candidate| {
            let route = &candidate.route;
            if route.method == DEFAULT {
                return Some(Matched { route, parameters: Vec::new() });
            }
            if route.method != ANY && route.method != method {
                return None;
            }
            parameters(&candidate.segments, path).map(|parameters| Matched { route, parameters })
        })
    }
}

const ANY: &str = "ANY";
const DEFAULT: &str = "$default";

fn segments(path: &str) -> Vec<Segment> {
    let segment = |text: &str| match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => match name.strip_suffix('+') {
            Some(greedy) => Segment::Greedy(greedy.to_owned()),
            None => Segment::Parameter(name.to_owned()),
        },
        None => Segment::Literal(text.to_owned()),
    };
    path.split('/').skip(1).map(segment).collect()
}

impl Segment {
    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

fn parameters<'a>(segments: &'a [Segment], path: &str) -> Option<Vec<(&'a str, String)>> {
    let mut found = Vec::new();
    let mut rest = path.strip_prefix('/')?;
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        let (head, tail) = match rest.split_once('/') {
            Some((head, tail)) => (head, Some(tail)),
            None => (rest, None),
        };
        match segment {
            Segment::Greedy(name) if is_last => {
                return (!rest.is_empty()).then(|| {
                    found.push((name.as_str(), decode(rest)));
                    found
                });
            }
            Segment::Greedy(_) => return None,
            Segment::Literal(text) if decode(head) != *text => return None,
            Segment::Literal(_) => {}
            Segment::Parameter(_) if head.is_empty() => return None,
            Segment::Parameter(name) => found.push((name.as_str(), decode(head))),
        }
        match (is_last, tail) {
            (true, None) => return Some(found),
            (false, Some(tail)) => rest = tail,
            _ => return None,
        }
    }
    None
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::FunctionName;

    fn routes(keys: &[&str]) -> Routes {
        let route = |key: &&str| {
            let (method, path) = key.split_once(' ').unwrap_or((key, ""));
            HttpRoute { method: method.into(), path: path.into(), function: FunctionName::new(key) }
        };
        Routes::new(keys.iter().map(route).collect())
    }

    fn found<'a>(routes: &'a Routes, method: &str, path: &str) -> Option<(&'a str, Vec<(&'a str, String)>)> {
        routes.find(method, path).map(|matched| (matched.route.function.as_str(), matched.parameters))
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "GET /c/{id}",
            "GET /c/direct",
            "ANY /c/{id}",
            "GET /c/{id}/log",
            "GET /c/{rest+}",
        ]);
        let function = |method, path| found(&routes, method, path).map(|(function, _)| function);
        assert_eq!(function("GET", "/c/direct"), Some("GET /c/direct"));
        assert_eq!(function("GET", "/c/1"), Some("GET /c/{id}"));
        assert_eq!(function("POST", "/c/1"), Some("ANY /c/{id}"));
        assert_eq!(function("GET", "/c/1/log"), Some("GET /c/{id}/log"));
        assert_eq!(function("GET", "/c/1/2/3"), Some("GET /c/{rest+}"));
        assert_eq!(function("PUT", "/else"), Some("ANY /{proxy+}"));
        assert_eq!(function("GET", "/"), Some("$default"));
    }

    #[test]
    fn parameters_arrive_decoded() {
        let routes = routes(&["GET /users/{id}/x/{rest+}"]);
        let (_, parameters) = found(&routes, "GET", "/users/a%20b/x/c/d").unwrap();
        assert_eq!(parameters, [("id", "a b".to_owned()), ("rest", "c/d".to_owned())]);
    }

    #[test]
    fn what_matches_nothing_is_nothing() {
        let routes = routes(&["GET /a/{b}"]);
        for path in ["/", "/a", "/a/", "/a/b/c", "/b/a"] {
            assert!(found(&routes, "GET", path).is_none(), "{path}");
        }
        assert!(found(&routes, "POST", "/a/b").is_none());
        assert!(found(&routes, "GET", "/a/b").is_some());
    }
}
