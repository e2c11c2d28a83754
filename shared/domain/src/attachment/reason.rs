//! Why a file is never handed out.

use super::Stage;

/// Why a file is never handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A scanner knows what is in it.
    Malware,
    /// It is something else than it says, or something else besides.
    Disguised,
    /// It holds what runs when it is opened.
    Script,
    /// It unpacks to far more than it is.
    Bomb,
    /// It is broken, or breaks off.
    Damaged,
    /// It is locked, so that nobody can look into it.
    Encrypted,
    /// No scanner came to a verdict.
    NotScanned,
    /// Its bytes did not come in time.
    NotUploaded,
    /// Its bytes are not what was announced.
    NotAsAnnounced,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Malware,
        Self::Disguised,
        Self::Script,
        Self::Bomb,
        Self::Damaged,
        Self::Encrypted,
        Self::NotScanned,
        Self::NotUploaded,
        Self::NotAsAnnounced,
    ];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Disguised => "disguised",
            Self::Script => "script",
            Self::Bomb => "decompression_bomb",
            Self::Damaged => "damaged",
            Self::Encrypted => "encrypted",
            Self::NotScanned => "not_scanned",
            Self::NotUploaded => "not_uploaded",
            Self::NotAsAnnounced => "not_as_announced",
        }
    }

    /// Reads a name back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The stage at which the file stays.
    pub const fn stage(self) -> Stage {
        match self {
            Self::Malware | Self::Disguised | Self::Script | Self::Bomb => Stage::Infected,
            Self::Damaged | Self::Encrypted | Self::NotScanned => Stage::Unscannable,
            Self::NotUploaded | Self::NotAsAnnounced => Stage::Expired,
        }
    }

    /// The reason of a file that was kept at this stage before reasons were kept.
    pub const fn unsaid(stage: Stage) -> Option<Self> {
        match stage {
            Stage::Infected => Some(Self::Malware),
            Stage::Unscannable => Some(Self::NotScanned),
            Stage::Expired => Some(Self::NotUploaded),
            Stage::Uploading | Stage::Scanning | Stage::Clean => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_back_and_ends_where_no_file_is_handed_out() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            let unsaid = Reason::unsaid(reason.stage()).unwrap();
            assert_eq!(unsaid.stage(), reason.stage());
        }
        assert_eq!(Reason::parse("clean"), None);
    }
}
