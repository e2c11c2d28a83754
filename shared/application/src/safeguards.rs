//! The steps that keep the log's promises, each of which a proof can switch off to show that it is needed.

/// One step without which some interleaving breaks a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safeguard {
    /// Every position between what the client knew and the tail is read before a message is written.
    VerifyingRead,
    /// A client that is too far behind is refused, instead of reading only the newest entries.
    OutOfDate,
    /// A refused write whose position holds this very message is recognised as an earlier attempt of its own.
    OwnItem,
    /// A roster that has changed since the sender was authorized is read again.
    Reauthorization,
    /// A roster counts only if its sum is the one that the log's entry carries.
    RosterSum,
    /// An entry is marked as sent only after it was delivered or handed over.
    MarkAfterDelivery,
    /// A socket that has only just been opened is not forgotten because a post did not find it.
    YoungConnection,
    /// A socket that comes back is registered before it is looked what it missed.
    RegisterFirst,
}

/// Which safeguards are on: all of them, but in a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safeguards {
    off: Option<Safeguard>,
    off_too: Option<Safeguard>,
}

impl Safeguards {
    /// All of them: the only value for production.
    pub const ALL: Self = Self { off: None, off_too: None };

    /// All but one, to prove that a violation is found without it. `clippy.toml` bans the call outside of such proofs.
    #[must_use]
    pub const fn without(self, safeguard: Safeguard) -> Self {
        if self.off.is_none() {
            Self { off: Some(safeguard), off_too: None }
        } else {
            Self { off: self.off, off_too: Some(safeguard) }
        }
    }

    /// Whether this step is taken.
    pub fn has(self, safeguard: Safeguard) -> bool {
        self.off != Some(safeguard) && self.off_too != Some(safeguard)
    }
}
