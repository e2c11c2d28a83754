//! Addresses for the parts of a large file.

use std::{sync::Arc, time::Duration};

use parlance_domain::{
    attachment::{AttachmentState, ObjectArea, Sha256Digest, UploadMethod},
    ids::{AttachmentId, UserId},
    time::Timestamp,
};

use super::own;
use crate::ports::{
    PortError,
    attachments::{AttachmentRepository, PartAddress, PartUpload, UploadSigner},
    environment::Clock,
};

/// How long the address of a part is good.
const GOOD_FOR: Duration = Duration::from_hours(1);

/// Signs addresses of parts.
#[derive(Clone)]
pub struct SignParts {
    attachments: Arc<dyn AttachmentRepository>,
    signer: Arc<dyn UploadSigner>,
    clock: Arc<dyn Clock>,
}

/// A part that a client is about to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedPart {
    /// Its number, from 1.
    pub number: u32,
    /// Its digest, which each part of a file that was announced with one has to have.
    pub sha256: Option<Sha256Digest>,
}

/// A part and where it is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPart {
    /// Its number.
    pub number: u32,
    /// The size that it has to have.
    pub bytes: u64,
    /// Where to.
    pub address: PartAddress,
    /// Until when the address is good.
    pub until: Timestamp,
}

/// Why no address is given.
#[derive(Debug, thiserror::Error)]
pub enum SignPartsError {
    /// There is no such attachment for this user.
    #[error("no such attachment")]
    NotFound,
    /// Nothing is to come any more, or not in parts.
    #[error("the attachment takes no parts")]
    TakesNone,
    /// The file has no such part.
    #[error("the file has parts 1 to {count}")]
    NoSuchPart {
        /// Which of those that are wanted.
        place: usize,
        /// How many the file has.
        count: u32,
    },
    /// A part has no digest and needs one, or has one that nobody would check.
    #[error("parts have a sha256 where the upload began with one, and there alone")]
    Digest {
        /// Which of those that are wanted.
        place: usize,
    },
    /// The outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl SignParts {
    /// Takes the ports.
    pub fn new(
        attachments: Arc<dyn AttachmentRepository>,
        signer: Arc<dyn UploadSigner>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { attachments, signer, clock }
    }

    /// Where these parts are to be put, in their order.
    pub async fn execute(
        &self,
        user: &UserId,
        id: AttachmentId,
        wanted: &[WantedPart],
    ) -> Result<Vec<SignedPart>, SignPartsError> {
        let now = self.clock.now();
        let attachment = own(&*self.attachments, user, id, now).await?.ok_or(SignPartsError::NotFound)?;
        let AttachmentState::Uploading(upload) = &attachment.state else {
            return Err(SignPartsError::TakesNone);
        };
        let UploadMethod::Parts(plan) = &upload.method else { return Err(SignPartsError::TakesNone) };
        let (size, has_digests) = (attachment.file.size, attachment.file.sha256.is_some());
        let until = now.plus(GOOD_FOR).min(upload.until);
        let mut signed = Vec::with_capacity(wanted.len());
        for (place, WantedPart { number, sha256 }) in wanted.iter().copied().enumerate() {
            let count = plan.count(size);
            let bytes = plan.bytes_of(number, size).ok_or(SignPartsError::NoSuchPart { place, count })?;
            if sha256.is_some() != has_digests {
                return Err(SignPartsError::Digest { place });
            }
            let part = PartUpload {
                key: attachment.object(ObjectArea::Quarantine),
                upload: plan.upload.clone(),
                number,
                bytes,
                sha256,
            };
            let address = self.signer.part(&part, until).await?;
            signed.push(SignedPart { number, bytes, address, until });
        }
        Ok(signed)
    }
}
