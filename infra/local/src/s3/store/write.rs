//! Writing, copying and deleting objects: checked before they are kept, told afterwards.

use data_encoding::BASE64URL_NOPAD;
use http::Method;
use s3s::dto::{
    ChecksumAlgorithm, CopyObjectInput, CopyObjectOutput, CopySource, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, MetadataDirective, PutObjectInput,
    PutObjectOutput, TaggingDirective,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::{Answered, Store, UNKNOWN_TYPE, kept, tags};
use crate::s3::body::{Expectation, checked};
use crate::s3::checksum::{Algorithm, Value, fields, single, trailing};
use crate::s3::notification::Change;

impl Store {
    pub(super) async fn put(&self, mut request: S3Request<PutObjectInput>) -> Answered<PutObjectOutput> {
        let reason = if request.method == Method::POST { "POST Object" } else { "PutObject" };
        let input = &mut request.input;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        self.place_to_write(&bucket, &key)?;
        let tags = tags::parse(input.tagging.as_deref())?;
        input.content_type.get_or_insert_with(|| UNKNOWN_TYPE.to_owned());
        let given = single(fields!(input))?;
        let trailing = trailing(&request.headers);
        require_announced(input.checksum_algorithm.as_ref(), given.as_ref(), trailing)?;
        let trailers = request.trailing_headers.clone();
        let expectation = Expectation::new(input.content_md5.as_deref(), given, trailing, trailers)?;
        let algorithm = expectation.algorithm().map(Algorithm::as_str);
        input.checksum_algorithm = algorithm.map(|name| ChecksumAlgorithm::from(name.to_owned()));
        let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let (body, seen) = checked(body, expectation);
        input.body = Some(body);
        let answered = self.files.put_object(request).await;
        let response = answered.map_err(|error| seen.explain(error))?;
        kept(self.ledger.set_tags(&bucket, &key, &tags))?;
        kept(self.ledger.set_joined(&bucket, &key, None))?;
        let etag = response.output.e_tag.as_ref().map(ETag::value).unwrap_or_default().to_owned();
        self.tell(&bucket, &key, Change::Created { reason, size: seen.size(), etag });
        Ok(response)
    }

    pub(super) async fn copy(&self, mut request: S3Request<CopyObjectInput>) -> Answered<CopyObjectOutput> {
        let input = &mut request.input;
        let CopySource::Bucket { bucket: from_bucket, key: from_key, .. } = input.copy_source.clone() else {
            return Err(s3_error!(NotImplemented, "Only objects of buckets are copied here"));
        };
        let source = self.place_to_read(&from_bucket, &from_key)?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let target = self.place_to_write(&bucket, &key)?;
        let replaces = |directive: Option<&str>, replace| directive == Some(replace);
        let is_anew = replaces(
            input.metadata_directive.as_ref().map(MetadataDirective::as_str),
            MetadataDirective::REPLACE,
        );
        if source == target && !is_anew {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        if is_anew {
            input.content_type.get_or_insert_with(|| UNKNOWN_TYPE.to_owned());
        }
        let has_own_tags = replaces(
            input.tagging_directive.as_ref().map(TaggingDirective::as_str),
            TaggingDirective::REPLACE,
        );
        let tags = if has_own_tags {
            tags::parse(input.tagging.as_deref())?
        } else {
            kept(self.ledger.tags(&from_bucket, &from_key))?
        };
        let response = self.files.copy_object(request).await?;
        kept(self.ledger.set_tags(&bucket, &key, &tags))?;
        let joined = kept(self.ledger.joined(&from_bucket, &from_key))?;
        kept(self.ledger.set_joined(&bucket, &key, joined.as_ref()))?;
        let result = response.output.copy_object_result.as_ref();
        let etag =
            result.and_then(|result| result.e_tag.as_ref()).map(ETag::value).unwrap_or_default().to_owned();
        let size = std::fs::metadata(&target).map_or(0, |file| file.len());
        self.tell(&bucket, &key, Change::Created { reason: "CopyObject", size, etag });
        Ok(response)
    }

    pub(super) async fn delete(&self, request: S3Request<DeleteObjectInput>) -> Answered<DeleteObjectOutput> {
        self.remove(&request.input.bucket, &request.input.key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    pub(super) async fn delete_many(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> Answered<DeleteObjectsOutput> {
        let input = request.input;
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            self.remove(&input.bucket, &object.key).await?;
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        let deleted = (input.delete.quiet != Some(true)).then_some(deleted);
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..DeleteObjectsOutput::default() }))
    }

    /// Deletes an object with all that is known of it; one that is not there is deleted too.
    async fn remove(&self, bucket: &str, key: &str) -> S3Result<()> {
        self.require_bucket(bucket)?;
        let Some(place) = self.place(bucket, key).filter(|place| place.is_file()) else { return Ok(()) };
        match tokio::fs::remove_file(&place).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(S3Error::internal_error(error)),
        }
        // The names that s3s-fs gives to what it keeps beside an object.
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        for kind in ["metadata", "internal"] {
            let name = format!(".bucket-{}.object-{}.{kind}.json", encode(bucket), encode(key));
            match tokio::fs::remove_file(self.root.join(name)).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(S3Error::internal_error(error));
                }
                _ => {}
            }
        }
        kept(self.ledger.set_tags(bucket, key, &[]))?;
        kept(self.ledger.set_joined(bucket, key, None))?;
        self.tell(bucket, key, Change::Deleted);
        Ok(())
    }
}

/// Refuses an algorithm that is named without its checksum, as S3 does.
pub(super) fn require_announced(
    named: Option<&ChecksumAlgorithm>,
    given: Option<&Value>,
    trailing: Option<Algorithm>,
) -> S3Result<()> {
    if named.is_some() && given.is_none() && trailing.is_none() {
        return Err(s3_error!(
            InvalidRequest,
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
        ));
    }
    Ok(())
}
