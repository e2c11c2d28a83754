//! The one table of error codes: what each means as an HTTP status, as a title, and for a client that might try again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $title:literal, $retryable:literal;)*) => {
        /// Why a request was refused, as clients branch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The HTTP status, which a nack carries too.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// What it means, in one short phrase that is the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// Whether the same request may succeed later without being changed.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$variant => $retryable),* }
            }
        }
    };
}

error_codes! {
    /// Not JSON, not an object, no `type`, a tampered cursor.
    Malformed = "malformed", 400, "The request cannot be read", false;
    /// No such frame type.
    UnknownType = "unknown_type", 400, "The type is not known", false;
    /// No credentials, or bad ones.
    Unauthenticated = "unauthenticated", 401, "Valid credentials are required", false;
    /// The token was good once: come again with a fresh one.
    TokenExpired = "token_expired", 401, "The token has expired", false;
    /// A member without the right, or a deactivated user.
    Forbidden = "forbidden", 403, "The right to do this is missing", false;
    /// Not there, or not the caller's: the two look the same.
    NotFound = "not_found", 404, "There is no such thing here", false;
    /// Something else holds the place, or is still being done.
    Conflict = "conflict", 409, "The request conflicts with the present state", false;
    /// The same key came with another body.
    IdempotencyConflict = "idempotency_conflict", 409, "The key was used for another request", false;
    /// `after` lies too far behind, or beyond the log: read the log, then try again.
    OutOfDate = "out_of_date", 409, "Read the log, then try again", true;
    /// A file of the message is not there, not checked yet, or not clean.
    AttachmentNotClean = "attachment_not_clean", 409, "An attachment cannot be sent", false;
    /// The thing has another version by now.
    VersionConflict = "version_conflict", 412, "The version has changed", false;
    /// A body or an event beyond its limit.
    TooLarge = "too_large", 413, "The request is too large", false;
    /// A body in a format that is not taken here.
    UnsupportedMediaType = "unsupported_media_type", 415, "The media type is not supported", false;
    /// A field is missing, has the wrong type, or breaks a rule.
    ValidationFailed = "validation_failed", 422, "Some fields are not valid", false;
    /// Too many requests: wait as long as told.
    RateLimited = "rate_limited", 429, "Too many requests", true;
    /// The server's fault.
    Internal = "internal", 500, "Something went wrong", true;
    /// Something behind the server does not answer just now.
    Unavailable = "unavailable", 503, "The service is unavailable", true;
    /// Something behind the server answered too late.
    Timeout = "timeout", 504, "The request took too long", true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_is_the_contract() {
        let table: Vec<_> = ErrorCode::ALL
            .iter()
            .map(|code| {
                format!("{} {} {} {}", code.as_str(), code.status(), code.is_retryable(), code.title())
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn a_code_reads_back_as_it_is_written() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
        }
    }
}
