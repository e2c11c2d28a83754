//! The objects: `s3s-fs` keeps them, and each operation adds what a folder does not do by itself.

mod parts;
mod read;
mod tags;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectTaggingInput,
    DeleteObjectTaggingOutput, DeleteObjectsInput, DeleteObjectsOutput, GetObjectInput, GetObjectOutput,
    GetObjectTaggingInput, GetObjectTaggingOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
    HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    ListPartsInput, ListPartsOutput, PutObjectInput, PutObjectOutput, PutObjectTaggingInput,
    PutObjectTaggingOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use super::bucket_spec::{BucketSpec, CorsRule};
use super::ledger::Ledger;
use super::notification::{Change, Notifier};
use super::{Error, folder};
use crate::faults::Faults;

pub(crate) use self::read::internal;

/// What S3 says an object is when nobody said it.
const UNKNOWN_TYPE: &str = "binary/octet-stream";

/// All objects.
pub(crate) struct Store {
    files: FileSystem,
    root: PathBuf,
    ledger: Ledger,
    buckets: RwLock<BTreeMap<String, BucketSpec>>,
    notifier: Notifier,
}

type Answered<T> = S3Result<S3Response<T>>;

impl Store {
    pub(super) fn open(data_dir: &Path, faults: Faults) -> Result<Self, Error> {
        let root = folder(data_dir);
        std::fs::create_dir_all(&root)?;
        Ok(Self {
            files: FileSystem::new(&root).map_err(|error| Error::Folder(format!("{error:?}")))?,
            ledger: Ledger::open(data_dir)?,
            root,
            buckets: RwLock::default(),
            notifier: Notifier::new(faults),
        })
    }

    pub(super) fn create_buckets(&self, specs: &[BucketSpec]) -> std::io::Result<()> {
        for spec in specs {
            std::fs::create_dir_all(self.root.join(&spec.name))?;
        }
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        *buckets = specs.iter().map(|spec| (spec.name.clone(), spec.clone())).collect();
        Ok(())
    }

    pub(super) fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// The rules for pages of other origins; none where there is no such bucket.
    pub(super) fn cors(&self, bucket: &str) -> Vec<CorsRule> {
        self.spec(bucket).map(|spec| spec.cors).unwrap_or_default()
    }

    fn spec(&self, bucket: &str) -> Option<BucketSpec> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).get(bucket).cloned()
    }

    fn require_bucket(&self, bucket: &str) -> S3Result<BucketSpec> {
        self.spec(bucket).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    /// Where an object lies. A folder takes fewer keys than S3: no segment may be empty or mean another folder.
    fn place(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let is_name = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\0', '\\']);
        key.split('/').all(is_name).then(|| self.root.join(bucket).join(key))
    }

    /// The place of an object that is to be written.
    fn place_to_write(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        self.require_bucket(bucket)?;
        self.place(bucket, key)
            .ok_or_else(|| s3_error!(InvalidArgument, "This key cannot be kept in a folder"))
    }

    /// The place of an object that is there.
    fn place_to_read(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        self.require_bucket(bucket)?;
        let place = self.place(bucket, key).filter(|place| place.is_file());
        place.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }

    fn tell(&self, bucket: &str, key: &str, change: Change) {
        if self.spec(bucket).is_some_and(|spec| spec.tells_event_bridge) {
            self.notifier.tell(bucket, key, change);
        }
    }
}

/// What the ledger refused.
fn kept<T>(result: rusqlite::Result<T>) -> S3Result<T> {
    result.map_err(S3Error::internal_error)
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The store as `s3s` calls it; what is not here is refused as not implemented.
pub(super) struct Served(pub Arc<Store>);

#[async_trait::async_trait]
impl S3 for Served {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> Answered<PutObjectOutput> {
        self.0.put(request).await
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answered<CopyObjectOutput> {
        self.0.copy(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answered<DeleteObjectOutput> {
        self.0.delete(request).await
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answered<DeleteObjectsOutput> {
        self.0.delete_many(request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answered<GetObjectOutput> {
        self.0.get(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answered<HeadObjectOutput> {
        self.0.head(request).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answered<HeadBucketOutput> {
        self.0.require_bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> Answered<ListBucketsOutput> {
        self.0.files.list_buckets(request).await
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> Answered<ListObjectsOutput> {
        self.0.require_bucket(&request.input.bucket)?;
        self.0.files.list_objects(request).await
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answered<ListObjectsV2Output> {
        self.0.require_bucket(&request.input.bucket)?;
        self.0.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> Answered<CreateMultipartUploadOutput> {
        self.0.begin_upload(request).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> Answered<UploadPartOutput> {
        self.0.add_part(request).await
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> Answered<ListPartsOutput> {
        self.0.list_parts(&request.input)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> Answered<ListMultipartUploadsOutput> {
        self.0.list_uploads(request.input)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answered<CompleteMultipartUploadOutput> {
        self.0.complete_upload(request).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> Answered<AbortMultipartUploadOutput> {
        self.0.abort_upload(request).await
    }

    async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> Answered<GetObjectTaggingOutput> {
        self.0.tags_of(&request.input)
    }

    async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> Answered<PutObjectTaggingOutput> {
        self.0.put_tags(request.input)
    }

    async fn delete_object_tagging(
        &self,
        request: S3Request<DeleteObjectTaggingInput>,
    ) -> Answered<DeleteObjectTaggingOutput> {
        self.0.delete_tags(&request.input)
    }
}
