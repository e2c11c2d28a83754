//! From which web pages a browser may open a socket.

/// The allow-list of origins. Each is `scheme://host[:port]`, where the port may be `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<AllowedOrigin>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum AllowedOrigin {
    Exactly(String),
    AnyPort(String),
}

impl AllowedOrigins {
    /// Takes the list.
    pub fn of<T: AsRef<str>>(list: &[T]) -> Self {
        let origins = list.iter().map(AsRef::as_ref).filter(|origin| !origin.is_empty()).map(|origin| {
            let origin = origin.trim_end_matches('/').to_ascii_lowercase();
            match origin.strip_suffix(":*") {
                Some(host) => AllowedOrigin::AnyPort(host.to_owned()),
                None => AllowedOrigin::Exactly(origin),
            }
        });
        Self(origins.collect())
    }

    /// Whether a handshake that names this origin is let in. No origin is no browser, and is; `null` is a browser that hides its page, and is not.
    pub fn admit(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let origin = origin.to_ascii_lowercase();
        self.0.iter().any(|allowed| match allowed {
            AllowedOrigin::Exactly(exactly) => *exactly == origin,
            AllowedOrigin::AnyPort(host) => {
                origin.strip_prefix(host.as_str()).is_some_and(|rest| rest.is_empty() || is_port(rest))
            }
        })
    }
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_admitted_only_as_it_is_listed() {
        let origins = AllowedOrigins::of(&["https://chat.example", "http://localhost:*"]);
        for admitted in
            ["https://chat.example", "HTTPS://Chat.Example", "http://localhost", "http://localhost:5173"]
        {
            assert!(origins.admit(Some(admitted)), "{admitted}");
        }
        for refused in [
            "null",
            "",
            "http://chat.example",
            "https://chat.example.evil.test",
            "https://chat.example:8443",
            "http://localhost.evil.test",
            "http://localhost:80.evil.test",
            "http://localhost:",
            "https://localhost",
        ] {
            assert!(!origins.admit(Some(refused)), "{refused}");
        }
    }

    #[test]
    fn what_is_no_browser_needs_no_origin() {
        assert!(AllowedOrigins::default().admit(None));
        assert!(!AllowedOrigins::default().admit(Some("http://localhost")));
    }
}
