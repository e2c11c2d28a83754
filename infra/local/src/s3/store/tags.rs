//! Tags of objects: small, by name, and gone with their object.

use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput, Tag as WireTag,
};
use s3s::{S3Response, S3Result, s3_error};

use super::{Answered, Store, kept};
use crate::s3::ledger::Tag;

/// How many an object has at most.
const MOST_TAGS: usize = 10;

impl Store {
    pub(super) fn tags_of(&self, input: &GetObjectTaggingInput) -> Answered<GetObjectTaggingOutput> {
        self.place_to_read(&input.bucket, &input.key)?;
        let tags = kept(self.ledger.tags(&input.bucket, &input.key))?;
        let wire = |(name, value)| WireTag { key: Some(name), value: Some(value) };
        let tag_set = tags.into_iter().map(wire).collect();
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: None }))
    }

    pub(super) fn put_tags(&self, input: PutObjectTaggingInput) -> Answered<PutObjectTaggingOutput> {
        self.place_to_read(&input.bucket, &input.key)?;
        let plain = |tag: WireTag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        let tags: Vec<Tag> = input.tagging.tag_set.into_iter().map(plain).collect();
        check(&tags)?;
        kept(self.ledger.set_tags(&input.bucket, &input.key, &tags))?;
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    pub(super) fn delete_tags(
        &self,
        input: &DeleteObjectTaggingInput,
    ) -> Answered<DeleteObjectTaggingOutput> {
        self.place_to_read(&input.bucket, &input.key)?;
        kept(self.ledger.set_tags(&input.bucket, &input.key, &[]))?;
        Ok(S3Response::new(DeleteObjectTaggingOutput::default()))
    }

    /// Puts one tag on an object, beside those that it has.
    pub(crate) fn tag(&self, bucket: &str, key: &str, name: &str, value: &str) -> S3Result<()> {
        self.place_to_read(bucket, key)?;
        let mut tags = kept(self.ledger.tags(bucket, key))?;
        tags.retain(|(other, _)| other != name);
        tags.push((name.to_owned(), value.to_owned()));
        kept(self.ledger.set_tags(bucket, key, &tags))
    }
}

/// The tags of the header `x-amz-tagging`.
pub(super) fn parse(header: Option<&str>) -> S3Result<Vec<Tag>> {
    let pairs = url::form_urlencoded::parse(header.unwrap_or_default().as_bytes());
    let tags: Vec<Tag> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    check(&tags)?;
    Ok(tags)
}

fn check(tags: &[Tag]) -> S3Result<()> {
    if tags.len() > MOST_TAGS {
        return Err(s3_error!(InvalidTag, "Object tags cannot be greater than 10"));
    }
    for (number, (name, value)) in tags.iter().enumerate() {
        if name.is_empty() || name.chars().count() > 128 {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
        if tags.iter().take(number).any(|(other, _)| other == name) {
            return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(())
}
