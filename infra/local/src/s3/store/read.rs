//! Reading objects: ranges, conditions, and the headers that an object always has.

use std::path::PathBuf;

use http::header::{ETAG, HeaderMap};
use s3s::dto::{
    ChecksumType, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    Range, Timestamp,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::{Answered, Store, UNKNOWN_TYPE, kept};
use crate::s3::checksum::set_field;

/// An object as what runs in this process sees it.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// The file that holds it now; who has it open keeps it even when the object is replaced.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// As it was declared.
    pub content_type: String,
}

/// The `If-…` conditions of a request.
struct Conditions<'a> {
    matching: Option<&'a ETagCondition>,
    none_matching: Option<&'a ETagCondition>,
    modified_since: Option<&'a Timestamp>,
    unmodified_since: Option<&'a Timestamp>,
}

impl Store {
    /// An object, if it is there.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        let path = self.place_to_read(bucket, key).ok()?;
        let head = self.describe(bucket, key).await.ok()?.output;
        Some(Object {
            path,
            size: head.content_length.and_then(|length| u64::try_from(length).ok())?,
            etag: head.e_tag?.into_value(),
            content_type: head.content_type.unwrap_or_default(),
        })
    }

    pub(crate) async fn get(&self, mut request: S3Request<GetObjectInput>) -> Answered<GetObjectOutput> {
        let input = &mut request.input;
        let head = self.describe(&input.bucket, &input.key).await?.output;
        let conditions = Conditions {
            matching: input.if_match.as_ref(),
            none_matching: input.if_none_match.as_ref(),
            modified_since: input.if_modified_since.as_ref(),
            unmodified_since: input.if_unmodified_since.as_ref(),
        };
        conditions.check(&head)?;
        if let Some(Range::Suffix { length }) = input.range {
            let size = head.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            let first = size.saturating_sub(length);
            if length == 0 || size == 0 {
                return Err(s3_error!(InvalidRange, "The requested range is not satisfiable"));
            }
            input.range = Some(Range::Int { first, last: None });
        }
        let tags = kept(self.ledger.tags(&input.bucket, &input.key))?.len();
        let tag_count = i32::try_from(tags).ok().filter(|count| *count > 0);
        let mut response = self.files.get_object(request).await?;
        let output = &mut response.output;
        output.accept_ranges = head.accept_ranges;
        output.content_type = head.content_type;
        output.tag_count = tag_count;
        if output.content_range.is_none() {
            output.checksum_type = head.checksum_type;
            output.checksum_sha256 = head.checksum_sha256;
            output.checksum_sha1 = head.checksum_sha1;
            output.checksum_crc32 = head.checksum_crc32;
            output.checksum_crc32c = head.checksum_crc32c;
            output.checksum_crc64nvme = head.checksum_crc64nvme;
        }
        Ok(response)
    }

    pub(super) async fn head(&self, request: S3Request<HeadObjectInput>) -> Answered<HeadObjectOutput> {
        let input = &request.input;
        let response = self.describe(&input.bucket, &input.key).await?;
        let conditions = Conditions {
            matching: input.if_match.as_ref(),
            none_matching: input.if_none_match.as_ref(),
            modified_since: input.if_modified_since.as_ref(),
            unmodified_since: input.if_unmodified_since.as_ref(),
        };
        conditions.check(&response.output)?;
        Ok(response)
    }

    /// Everything that is known of an object.
    async fn describe(&self, bucket: &str, key: &str) -> S3Result<S3Response<HeadObjectOutput>> {
        self.place_to_read(bucket, key)?;
        let input =
            HeadObjectInput { bucket: bucket.to_owned(), key: key.to_owned(), ..HeadObjectInput::default() };
        let mut response = self.files.head_object(internal(input)).await?;
        let output = &mut response.output;
        output.accept_ranges = Some("bytes".to_owned());
        output.content_type.get_or_insert_with(|| UNKNOWN_TYPE.to_owned());
        if let Some(value) = kept(self.ledger.joined(bucket, key))? {
            set_field!(output, value);
            output.checksum_type = Some(ChecksumType::from_static(ChecksumType::COMPOSITE));
        }
        Ok(response)
    }
}

impl Conditions<'_> {
    /// As in RFC 9110, 13.2.2: the tag's condition makes the date's one be passed over.
    fn check(&self, head: &HeadObjectOutput) -> S3Result<()> {
        let fits = |condition: &ETagCondition, compare: fn(&ETag, &ETag) -> bool| match condition.as_etag() {
            None => true,
            Some(wanted) => head.e_tag.as_ref().is_some_and(|etag| compare(etag, wanted)),
        };
        let is_newer = |than: &Timestamp| head.last_modified.as_ref().is_some_and(|modified| modified > than);
        let failed = match (self.matching, self.unmodified_since) {
            (Some(condition), _) => !fits(condition, ETag::strong_cmp),
            (None, Some(since)) => is_newer(since),
            (None, None) => false,
        };
        if failed {
            return Err(s3_error!(
                PreconditionFailed,
                "At least one of the pre-conditions you specified did not hold"
            ));
        }
        let is_unchanged = match (self.none_matching, self.modified_since) {
            (Some(condition), _) => fits(condition, ETag::weak_cmp),
            (None, Some(since)) => !is_newer(since),
            (None, None) => false,
        };
        if is_unchanged {
            let mut error = S3Error::new(S3ErrorCode::NotModified);
            let etag = head.e_tag.as_ref().and_then(|etag| etag.to_http_header().ok());
            error.set_headers(HeaderMap::from_iter(etag.map(|etag| (ETAG, etag))));
            return Err(error);
        }
        Ok(())
    }
}

/// A request of this process itself.
pub(crate) fn internal<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: http::Method::GET,
        uri: http::Uri::default(),
        headers: HeaderMap::new(),
        extensions: http::Extensions::new(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}
