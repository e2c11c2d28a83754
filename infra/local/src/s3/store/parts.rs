//! Uploads in parts: each part checked as it comes, the whole put together once.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Part as WirePart, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::write::require_announced;
use super::{Answered, Store, UNKNOWN_TYPE, kept, now, tags};
use crate::s3::body::{Expectation, checked};
use crate::s3::checksum::{Algorithm, Value, fields, joined, set_field, single, trailing};
use crate::s3::ledger::{Part, Upload};
use crate::s3::notification::Change;

/// Every part but the last is at least so large.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// How many parts a page has.
const PAGE: i32 = 1_000;

/// A whole whose parts fit.
struct Whole {
    size: u64,
    checksum: Option<Value>,
}

impl Store {
    pub(super) async fn begin_upload(
        &self,
        mut request: S3Request<CreateMultipartUploadInput>,
    ) -> Answered<CreateMultipartUploadOutput> {
        let input = &mut request.input;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        self.place_to_write(&bucket, &key)?;
        tags::parse(input.tagging.as_deref())?;
        let tagging = input.tagging.clone().unwrap_or_default();
        input.content_type.get_or_insert_with(|| UNKNOWN_TYPE.to_owned());
        if input.checksum_type.as_ref().is_some_and(|kind| kind.as_str() == ChecksumType::FULL_OBJECT) {
            return Err(s3_error!(
                NotImplemented,
                "Checksums of whole objects in parts are not supported here"
            ));
        }
        let named = input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str);
        let algorithm = named.map(|name| Algorithm::parse(name).ok_or_else(|| s3_error!(InvalidRequest)));
        let algorithm = algorithm.transpose()?;
        let mut response = self.files.create_multipart_upload(request).await?;
        let id = response.output.upload_id.clone().unwrap_or_default();
        kept(self.ledger.begin(&Upload { id, bucket, key, algorithm, begun: now() }, &tagging))?;
        response.output.checksum_algorithm = wire(algorithm);
        response.output.checksum_type = algorithm.map(|_| composite());
        Ok(response)
    }

    pub(super) async fn add_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> Answered<UploadPartOutput> {
        let input = &mut request.input;
        let upload = self.open_upload(&input.bucket, &input.key, &input.upload_id)?;
        if !(1..=10_000).contains(&input.part_number) {
            return Err(s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            ));
        }
        let given = single(fields!(input))?;
        let trailing = trailing(&request.headers);
        require_announced(input.checksum_algorithm.as_ref(), given.as_ref(), trailing)?;
        let trailers = request.trailing_headers.clone();
        let expectation = Expectation::new(input.content_md5.as_deref(), given, trailing, trailers)?;
        if upload.algorithm.is_some() && upload.algorithm != expectation.algorithm() {
            let name = |algorithm: Option<Algorithm>| {
                algorithm.map_or("null", Algorithm::as_str).to_ascii_lowercase()
            };
            return Err(s3_error!(
                InvalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                name(upload.algorithm),
                name(expectation.algorithm())
            ));
        }
        let number = input.part_number;
        let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let (body, seen) = checked(body, expectation);
        input.body = Some(body);
        let answered = self.files.upload_part(request).await;
        let mut response = answered.map_err(|error| seen.explain(error))?;
        let etag = response.output.e_tag.as_ref().map(ETag::value).unwrap_or_default().to_owned();
        let part = Part { number, etag, size: seen.size(), checksum: seen.checksum(), came: now() };
        kept(self.ledger.add_part(&upload.id, &part))?;
        if let Some(value) = part.checksum {
            set_field!(response.output, value);
        }
        Ok(response)
    }

    pub(super) fn list_parts(&self, input: &ListPartsInput) -> Answered<ListPartsOutput> {
        let upload = self.open_upload(&input.bucket, &input.key, &input.upload_id)?;
        let after = input.part_number_marker.unwrap_or(0);
        let most = input.max_parts.unwrap_or(PAGE).clamp(0, PAGE);
        let mut parts = kept(self.ledger.parts(&upload.id))?;
        parts.retain(|part| part.number > after);
        let page = usize::try_from(most).unwrap_or(0);
        let is_truncated = parts.len() > page;
        parts.truncate(page);
        let next = parts.last().map(|part| part.number);
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            checksum_algorithm: wire(upload.algorithm),
            checksum_type: upload.algorithm.map(|_| composite()),
            is_truncated: Some(is_truncated),
            max_parts: Some(most),
            part_number_marker: Some(after),
            next_part_number_marker: next.filter(|_| is_truncated),
            parts: Some(parts.into_iter().map(wire_part).collect()),
            ..ListPartsOutput::default()
        }))
    }

    pub(super) fn list_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> Answered<ListMultipartUploadsOutput> {
        self.require_bucket(&input.bucket)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let uploads = kept(self.ledger.uploads(&input.bucket))?;
        let wire = |upload: Upload| MultipartUpload {
            upload_id: Some(upload.id),
            key: Some(upload.key),
            initiated: moment(upload.begun),
            checksum_algorithm: wire(upload.algorithm),
            ..MultipartUpload::default()
        };
        let uploads =
            uploads.into_iter().filter(|upload| upload.key.starts_with(&prefix)).map(wire).collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }

    pub(super) async fn complete_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answered<CompleteMultipartUploadOutput> {
        let input = &request.input;
        let upload = self.open_upload(&input.bucket, &input.key, &input.upload_id)?;
        let asked =
            input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        let whole = self.fit(&upload, asked)?;
        if input.mpu_object_size.is_some_and(|size| u64::try_from(size) != Ok(whole.size)) {
            return Err(s3_error!(
                InvalidRequest,
                "The provided 'x-amz-mp-object-size' header does not match what was computed."
            ));
        }
        if !kept(self.ledger.claim_end(&upload.id))? {
            return Err(no_such_upload());
        }
        let mut output = match self.files.complete_multipart_upload(request).await {
            Ok(response) => response.output,
            Err(error) => {
                kept(self.ledger.release_end(&upload.id))?;
                return Err(error);
            }
        };
        if let Some(ending) = output.future.take() {
            output = ending.await?;
        }
        let tagging = kept(self.ledger.end(&upload.id))?;
        kept(self.ledger.set_tags(&upload.bucket, &upload.key, &tags::parse(Some(&tagging))?))?;
        kept(self.ledger.set_joined(&upload.bucket, &upload.key, whole.checksum.as_ref()))?;
        if let Some(value) = whole.checksum {
            set_field!(output, value);
            output.checksum_type = Some(composite());
        }
        output.location = Some(format!("/{}/{}", upload.bucket, upload.key));
        let etag = output.e_tag.as_ref().map(ETag::value).unwrap_or_default().to_owned();
        let change = Change::Created { reason: "CompleteMultipartUpload", size: whole.size, etag };
        self.tell(&upload.bucket, &upload.key, change);
        Ok(S3Response::new(output))
    }

    pub(super) async fn abort_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> Answered<AbortMultipartUploadOutput> {
        let input = &request.input;
        let upload = self.open_upload(&input.bucket, &input.key, &input.upload_id)?;
        if !kept(self.ledger.claim_end(&upload.id))? {
            return Err(no_such_upload());
        }
        let response = self.files.abort_multipart_upload(request).await;
        kept(self.ledger.end(&upload.id))?;
        response
    }

    /// An upload of that object that has not ended.
    fn open_upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<Upload> {
        self.require_bucket(bucket)?;
        let upload = kept(self.ledger.upload(id))?;
        upload.filter(|upload| upload.bucket == bucket && upload.key == key).ok_or_else(no_such_upload)
    }

    /// Checks what is to be put together while nothing is lost by a refusal: the folder checks only on the way.
    fn fit(&self, upload: &Upload, asked: &[CompletedPart]) -> S3Result<Whole> {
        if asked.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let come: BTreeMap<i32, Part> =
            kept(self.ledger.parts(&upload.id))?.into_iter().map(|part| (part.number, part)).collect();
        let numbers: Vec<i32> = asked.iter().map(|part| part.part_number.unwrap_or(0)).collect();
        if !numbers.is_sorted_by(|one, next| one < next) {
            return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
        }
        let (mut size, mut checksums) = (0, Vec::new());
        for (index, (part, number)) in asked.iter().zip(numbers).enumerate() {
            let is_this = |come: &&Part| part.e_tag.as_ref().is_some_and(|etag| etag.value() == come.etag);
            let come = come.get(&number).filter(is_this).ok_or_else(invalid_part)?;
            let given = single(fields!(part))?;
            if let Some(algorithm) = upload.algorithm {
                let given = given.filter(|(other, _)| *other == algorithm).ok_or_else(|| {
                    s3_error!(
                        InvalidRequest,
                        "The upload was created using a {} checksum. The complete request must include the checksum for \
                         each part. It was missing for part {number} in the request.",
                        algorithm.as_str().to_ascii_lowercase()
                    )
                })?;
                if come.checksum.as_ref() != Some(&given) {
                    return Err(invalid_part());
                }
                checksums.push(given.1);
            }
            if index + 1 < asked.len() && come.size < SMALLEST_PART {
                return Err(s3_error!(
                    EntityTooSmall,
                    "Your proposed upload is smaller than the minimum allowed size"
                ));
            }
            if usize::try_from(number) != Ok(index + 1) {
                return Err(s3_error!(NotImplemented, "Parts without a gap from 1 on are supported here"));
            }
            size += come.size;
        }
        let joined = |algorithm| {
            joined(algorithm, &checksums).map(|value| (algorithm, value)).ok_or_else(invalid_part)
        };
        Ok(Whole { size, checksum: upload.algorithm.map(joined).transpose()? })
    }
}

fn no_such_upload() -> s3s::S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}

fn invalid_part() -> s3s::S3Error {
    s3_error!(
        InvalidPart,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity \
         tag may not match the part's entity tag."
    )
}

fn composite() -> ChecksumType {
    ChecksumType::from_static(ChecksumType::COMPOSITE)
}

fn wire(algorithm: Option<Algorithm>) -> Option<ChecksumAlgorithm> {
    algorithm.map(|algorithm| ChecksumAlgorithm::from(algorithm.as_str().to_owned()))
}

fn wire_part(part: Part) -> WirePart {
    let mut shown = WirePart {
        part_number: Some(part.number),
        e_tag: Some(ETag::Strong(part.etag)),
        size: i64::try_from(part.size).ok(),
        last_modified: moment(part.came),
        ..WirePart::default()
    };
    if let Some(value) = part.checksum {
        set_field!(shown, value);
    }
    shown
}

fn moment(seconds: i64) -> Option<Timestamp> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    Some(Timestamp::from(UNIX_EPOCH + since))
}
