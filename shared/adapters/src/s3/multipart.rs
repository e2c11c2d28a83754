//! Large files in parts.

use async_trait::async_trait;
use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, Part},
};
use data_encoding::BASE64;
use parlance_application::ports::{
    PortError,
    attachments::{Completing, MultipartUploads, NewMultipart, PartPage, UploadedPart},
};
use parlance_domain::attachment::{ObjectKey, ObjectTag, Sha256Digest, UploadId};

use super::{PORT, S3Objects, is_missing, tag};
use crate::aws::failure::{failed, failed_because};

/// What the store calls parts that are not what was named, or too small.
const REFUSALS: [&str; 4] = ["InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"];

#[async_trait]
impl MultipartUploads for S3Objects {
    async fn begin(&self, key: &ObjectKey, new: &NewMultipart) -> Result<UploadId, PortError> {
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(new.content_type.as_str())
            .set_checksum_algorithm(new.has_digests.then_some(ChecksumAlgorithm::Sha256))
            .set_checksum_type(new.has_digests.then_some(ChecksumType::Composite))
            .send()
            .await
            .map_err(|error| failed(PORT, "CreateMultipartUpload", &error))?;
        let id = answer.upload_id();
        let id = id.ok_or_else(|| failed_because(PORT, "CreateMultipartUpload", "the answer has no id"))?;
        Ok(UploadId::new(id))
    }

    async fn parts(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        after: u32,
        limit: u32,
    ) -> Result<Option<PartPage>, PortError> {
        let answer = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .set_part_number_marker((after > 0).then(|| after.to_string()))
            .max_parts(i32::try_from(limit).unwrap_or(1_000))
            .send()
            .await;
        match answer {
            Ok(page) => Ok(Some(PartPage {
                parts: page.parts().iter().map(uploaded).collect::<Result<_, _>>()?,
                has_more: page.is_truncated().unwrap_or_default(),
            })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed(PORT, "ListParts", &error)),
        }
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[UploadedPart],
    ) -> Result<Completing, PortError> {
        let named = parts.iter().map(|part| {
            CompletedPart::builder()
                .part_number(i32::try_from(part.number).unwrap_or(i32::MAX))
                .e_tag(part.tag.quoted())
                .set_checksum_sha256(part.sha256.map(|digest| BASE64.encode(digest.as_bytes())))
                .build()
        });
        let named = CompletedMultipartUpload::builder().set_parts(Some(named.collect())).build();
        let answer = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .multipart_upload(named)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Completing::Completed(tag("CompleteMultipartUpload", answer.e_tag())?)),
            Err(error) if is_missing(&error) => Ok(Completing::Gone),
            Err(error) if error.code().is_some_and(|code| REFUSALS.contains(&code)) => {
                Ok(Completing::Refused)
            }
            Err(error) => Err(failed(PORT, "CompleteMultipartUpload", &error)),
        }
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), PortError> {
        let answer = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key.to_string())
            .upload_id(upload.as_str())
            .send()
            .await;
        match answer {
            Err(error) if !is_missing(&error) => Err(failed(PORT, "AbortMultipartUpload", &error)),
            _ => Ok(()),
        }
    }
}

fn uploaded(part: &Part) -> Result<UploadedPart, PortError> {
    let incomplete = || failed_because(PORT, "ListParts", "a part without number, size or ETag");
    let digest = part.checksum_sha256().and_then(|text| BASE64.decode(text.as_bytes()).ok());
    Ok(UploadedPart {
        number: part.part_number().and_then(|number| u32::try_from(number).ok()).ok_or_else(incomplete)?,
        bytes: part.size().and_then(|size| u64::try_from(size).ok()).ok_or_else(incomplete)?,
        tag: part.e_tag().map(ObjectTag::parse).ok_or_else(incomplete)?,
        sha256: digest.and_then(|bytes| bytes.try_into().ok()).map(Sha256Digest::from_bytes),
    })
}
