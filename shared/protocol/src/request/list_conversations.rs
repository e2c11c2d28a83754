//! `GET /api/messaging/conversations/`: the user's conversations, most recent activity first.

use parlance_domain::conversation::ConversationKind;

use crate::{
    fields::{self, Fields, Object},
    limits::{DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT},
    problem::Problem,
    spec::shape::Shape,
};

/// Which conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListConversations {
    /// Only those of this kind.
    pub kind: Option<ConversationKind>,
    /// Only those with something unread, or only those without.
    pub unread: Option<bool>,
    /// Only those whose reference has this type.
    pub reference_type: Option<String>,
    /// Only those whose reference has this id.
    pub reference_id: Option<String>,
    /// The archived ones instead of the others.
    pub archived: bool,
    /// At most so many.
    pub limit: u64,
    /// From where on.
    pub cursor: Option<String>,
}

impl ListConversations {
    /// Reads the query.
    pub fn parse(query: &Object) -> Result<Self, Problem> {
        let mut fields = Fields::of(query);
        let kind = fields.optional("kind", |value| {
            fields::name(ConversationKind::parse, value, "direct, group, task, service, ats, support")
        });
        let unread = fields.optional("unread", fields::flag_in_query);
        let reference_type = fields.optional("ref_type", fields::text).map(str::to_owned);
        let reference_id = fields.optional("ref_id", fields::text).map(str::to_owned);
        let archived = fields.optional("archived", fields::flag_in_query).unwrap_or_default();
        let limit = limit(&mut fields);
        let cursor = fields.optional("cursor", fields::text).map(str::to_owned);
        fields.finish(Some(Self { kind, unread, reference_type, reference_id, archived, limit, cursor }))
    }

    /// What [`Self::parse`] takes.
    pub fn shape() -> Shape {
        let kinds = ConversationKind::ALL.map(ConversationKind::as_str);
        Shape::object()
            .optional("kind", "Only those of this kind.", Shape::name(kinds))
            .optional("unread", "Only those with something unread, or only those without.", Shape::flag())
            .optional("ref_type", "Only those whose reference has this type.", Shape::any_text())
            .optional("ref_id", "Only those whose reference has this id.", Shape::any_text())
            .optional("archived", "The archived ones instead of the others.", Shape::flag().or(false))
            .optional("limit", LIMIT, limit_shape())
            .optional("cursor", CURSOR, Shape::any_text())
    }
}

/// What `limit` means.
pub(super) const LIMIT: &str = "At most so many.";
/// What `cursor` means.
pub(super) const CURSOR: &str =
    "From where on: `next` or `previous` of another page. One that was tampered with is `malformed`.";

/// What [`limit`] takes.
pub(super) fn limit_shape() -> Shape {
    Shape::range(1, MAX_PAGE_LIMIT).or(DEFAULT_PAGE_LIMIT)
}

/// Reads `limit`: 1 to 200, 50 where absent.
pub(super) fn limit(fields: &mut Fields<'_>) -> u64 {
    let limit = fields.optional("limit", |value| match fields::number_in_query(value)? {
        limit @ 1..=MAX_PAGE_LIMIT => Ok(limit),
        _ => Err(format!("must be 1 to {MAX_PAGE_LIMIT}")),
    });
    limit.unwrap_or(DEFAULT_PAGE_LIMIT)
}
