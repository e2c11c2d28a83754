//! What CloudFront does in front of the two APIs: socket paths become query parameters, one trailing slash goes.
//!
//! The same rules stand, for AWS, in `infra/cdn/viewer-request.js`.

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// To the WebSocket API, with this query.
    Socket {
        /// The query string, without its question mark.
        query: String,
    },
    /// To the HTTP API, under this path.
    Http {
        /// The path, without a trailing slash unless it is the root.
        path: String,
    },
}

/// Rewrites a request's path and query.
pub fn rewrite(path: &str, query: &str) -> Rewritten {
    match socket(path) {
        Some(parameters) if query.is_empty() => Rewritten::Socket { query: parameters },
        Some(parameters) => Rewritten::Socket { query: format!("{parameters}&{query}") },
        None => Rewritten::Http { path: without_trailing_slash(path).to_owned() },
    }
}

fn socket(path: &str) -> Option<String> {
    let segments: Vec<&str> = without_trailing_slash(path).strip_prefix("/ws/")?.split('/').collect();
    match segments.as_slice() {
        ["messaging"] => Some("socket=messaging".to_owned()),
        ["presence"] => Some("socket=presence".to_owned()),
        ["messaging", "conversations", id] | ["chat", id] if !id.is_empty() => {
            Some(format!("socket=conversation&conversation_id={}", as_value(id)))
        }
        ["typing", id] if !id.is_empty() => Some(format!("socket=typing&conversation_id={}", as_value(id))),
        _ => None,
    }
}

/// A path segment may hold what would end a query parameter.
fn as_value(segment: &str) -> String {
    segment.replace('&', "%26").replace('=', "%3D").replace('+', "%2B")
}

fn without_trailing_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(shorter) => shorter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket_query(path: &str, query: &str) -> String {
        match rewrite(path, query) {
            Rewritten::Socket { query } => query,
            Rewritten::Http { path } => panic!("{path} is no socket"),
        }
    }

    #[test]
    fn the_five_socket_paths_become_parameters() {
        assert_eq!(socket_query("/ws/messaging/", ""), "socket=messaging");
        assert_eq!(
            socket_query("/ws/messaging/conversations/c_1/", "token=t"),
            "socket=conversation&conversation_id=c_1&token=t"
        );
        assert_eq!(socket_query("/ws/chat/c_1/", ""), "socket=conversation&conversation_id=c_1");
        assert_eq!(socket_query("/ws/typing/c_1", ""), "socket=typing&conversation_id=c_1");
        assert_eq!(socket_query("/ws/presence/", "ticket=x"), "socket=presence&ticket=x");
    }

    #[test]
    fn an_identifier_cannot_smuggle_a_parameter() {
        assert_eq!(
            socket_query("/ws/chat/a&socket=messaging/", ""),
            "socket=conversation&conversation_id=a%26socket%3Dmessaging"
        );
    }

    #[test]
    fn one_trailing_slash_goes_and_the_root_stays() {
        for (path, rewritten) in [
            ("/api/messaging/conversations/", "/api/messaging/conversations"),
            ("/api/messaging/conversations", "/api/messaging/conversations"),
            ("/api//", "/api/"),
            ("/", "/"),
            ("/ws/unknown/", "/ws/unknown"),
            ("/ws/chat//", "/ws/chat/"),
        ] {
            assert_eq!(rewrite(path, ""), Rewritten::Http { path: rewritten.to_owned() });
        }
    }
}
