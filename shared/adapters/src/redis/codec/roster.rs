//! A roster with the version that its reader knew before he read it.

use minicbor::{Decode, Encode};
use parlance_domain::{
    head::Seq,
    ids::UserId,
    permissions::Role,
    roster::{Participant, Roster},
};

use super::encode;

#[derive(Encode, Decode)]
#[cbor(map)]
struct CachedRoster<'b> {
    #[n(0)]
    version: u64,
    #[b(1)]
    rows: Vec<CachedRow<'b>>,
    /// Who blocks the other one of a direct conversation.
    #[b(2)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    blocking: Vec<&'b str>,
}

/// An array: a roster has many of them.
#[derive(Encode, Decode)]
struct CachedRow<'b> {
    #[b(0)]
    user: &'b str,
    #[n(1)]
    role: u8,
    #[n(2)]
    joined: u64,
    #[n(3)]
    since: u64,
}

pub(in crate::redis) fn encode_roster(version: Seq, roster: &Roster) -> Vec<u8> {
    let rows = roster.members().map(|member| CachedRow {
        user: member.user.as_str(),
        role: member.participant.role.rank(),
        joined: member.participant.joined.get(),
        since: member.participant.since.get(),
    });
    let blocking = roster.blocking().map(UserId::as_str).collect();
    encode(CachedRoster { version: version.get(), rows: rows.collect(), blocking })
}

pub(in crate::redis) fn decode_roster(bytes: &[u8]) -> Option<(Seq, Roster)> {
    let cached: CachedRoster<'_> = minicbor::decode(bytes).ok()?;
    let rows = cached.rows.iter().map(|row| {
        let roles = [Role::Guest, Role::Member, Role::Admin, Role::Owner];
        let participant = Participant {
            role: roles.into_iter().find(|role| role.rank() == row.role)?,
            joined: Seq::new(row.joined)?,
            since: Seq::new(row.since)?,
        };
        Some((UserId::parse(row.user).ok()?, participant))
    });
    let mut roster: Roster = rows.collect::<Option<_>>()?;
    for user in cached.blocking {
        roster.set_block(&UserId::parse(user).ok()?, true);
    }
    Some((Seq::new(cached.version)?, roster))
}
