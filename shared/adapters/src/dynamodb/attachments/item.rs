//! How an attachment is written as an item and read back.

use aws_sdk_dynamodb::types::AttributeValue;
use parlance_domain::{
    attachment::{
        Attachment, AttachmentState, ContentType, Dimensions, FileDescription, FileName, FileSize,
        MediaFacts, ObjectTag, PartPlan, Reason, Scan, Sha256Digest, Stage, Upload, UploadId, UploadMethod,
    },
    ids::{MessageId, UserId},
    time::Timestamp,
};

use super::super::{
    attributes::{
        EXPIRES_AT, Item, ItemBuilder, MalformedItem, bytes_value, need_number, need_text, need_time, number,
        number_value, text, text_value, time_value,
    },
    keys,
};

pub(in crate::dynamodb) const VERSION: &str = "version";

const UPLOADER: &str = "uploader";
const NAME: &str = "name";
const CONTENT_TYPE: &str = "content_type";
const SIZE: &str = "size";
const SHA256: &str = "sha256";
const CREATED_AT: &str = "created_at";
const MESSAGE: &str = "message";
const STATE: &str = "state";
const REASON: &str = "reason";
const SINCE: &str = "since";
const UPLOAD_METHOD: &str = "upload_method";
const UPLOAD_UNTIL: &str = "upload_until";
const UPLOAD_ID: &str = "upload_id";
const PART_BYTES: &str = "part_bytes";
const TAG: &str = "tag";
const ATTEMPTS: &str = "attempts";
const WIDTH: &str = "width";
const HEIGHT: &str = "height";
const DURATION_MS: &str = "duration_ms";
const BLURHASH: &str = "blurhash";
const WAVEFORM: &str = "waveform";
const THUMBNAIL_WIDTH: &str = "thumbnail_width";
const THUMBNAIL_HEIGHT: &str = "thumbnail_height";
const HAS_MEDIA: &str = "has_media";

const FORM: &str = "form";
const DIRECT: &str = "direct";
const PARTS: &str = "parts";

pub(in crate::dynamodb) fn item_of(attachment: &Attachment) -> Item {
    let file = &attachment.file;
    let item = ItemBuilder::new(keys::attachment(attachment.id))
        .with(UPLOADER, text_value(attachment.uploader.as_str()))
        .with(NAME, text_value(file.name.as_str()))
        .with(CONTENT_TYPE, text_value(file.content_type.as_str()))
        .with(SIZE, number_value(file.size.bytes()))
        .with_some(SHA256, file.sha256.map(|digest| bytes_value(*digest.as_bytes())))
        .with(CREATED_AT, time_value(attachment.created_at))
        .with_some(EXPIRES_AT, attachment.expires_at.map(|at| number_value(at.as_secs())))
        .with_some(MESSAGE, attachment.message.map(|message| text_value(message.to_string())))
        .with(VERSION, number_value(attachment.version));
    let item = with_state(item, &attachment.state);
    match &attachment.media {
        Some(media) => with_media(item, media),
        None => item,
    }
    .build()
}

fn with_state(item: ItemBuilder, state: &AttachmentState) -> ItemBuilder {
    let item = item.with(STATE, text_value(state.as_str()));
    match state {
        AttachmentState::Uploading(Upload { method, until }) => {
            let item = item.with(UPLOAD_UNTIL, time_value(*until));
            match method {
                UploadMethod::Form => item.with(UPLOAD_METHOD, text_value(FORM)),
                UploadMethod::Direct => item.with(UPLOAD_METHOD, text_value(DIRECT)),
                UploadMethod::Parts(plan) => item
                    .with(UPLOAD_METHOD, text_value(PARTS))
                    .with(UPLOAD_ID, text_value(plan.upload.as_str()))
                    .with(PART_BYTES, number_value(plan.part_bytes)),
            }
        }
        AttachmentState::Scanning(Scan { since, tag, attempts }) => item
            .with(SINCE, time_value(*since))
            .with(TAG, text_value(tag.as_str()))
            .with(ATTEMPTS, number_value(u64::from(*attempts))),
        AttachmentState::Refused { since, reason } => {
            item.with(SINCE, time_value(*since)).with(REASON, text_value(reason.as_str()))
        }
        AttachmentState::Clean { since } | AttachmentState::Removed { since } => {
            item.with(SINCE, time_value(*since))
        }
    }
}

fn with_media(item: ItemBuilder, media: &MediaFacts) -> ItemBuilder {
    let width = |size: Dimensions| pixels_value(size.width);
    let height = |size: Dimensions| pixels_value(size.height);
    item.with(HAS_MEDIA, number_value(1))
        .with_some(WIDTH, media.dimensions.map(width))
        .with_some(HEIGHT, media.dimensions.map(height))
        .with_some(DURATION_MS, media.duration_ms.map(number_value))
        .with_some(BLURHASH, media.blurhash.as_ref().map(text_value))
        .with_some(WAVEFORM, media.waveform.clone().map(bytes_value))
        .with_some(THUMBNAIL_WIDTH, media.thumbnail.map(width))
        .with_some(THUMBNAIL_HEIGHT, media.thumbnail.map(height))
}

fn pixels_value(pixels: u32) -> AttributeValue {
    number_value(u64::from(pixels))
}

pub(in crate::dynamodb) fn attachment_of(item: &Item) -> Result<Attachment, MalformedItem> {
    let malformed = |attribute| MalformedItem { attribute };
    let key = need_text(item, keys::PARTITION)?;
    let message = text(item, MESSAGE).map(|id| MessageId::parse(id).map_err(|_| malformed(MESSAGE)));
    Ok(Attachment {
        id: keys::attachment_of(key).ok_or(malformed(keys::PARTITION))?,
        uploader: UserId::parse(need_text(item, UPLOADER)?).map_err(|_| malformed(UPLOADER))?,
        file: FileDescription {
            name: FileName::from_stored(need_text(item, NAME)?),
            content_type: ContentType::from_stored(need_text(item, CONTENT_TYPE)?),
            size: FileSize::new(need_number(item, SIZE)?).map_err(|_| malformed(SIZE))?,
            sha256: digest_of(item)?,
        },
        created_at: need_time(item, CREATED_AT)?,
        expires_at: number(item, EXPIRES_AT).map(|seconds| Timestamp::from_millis(seconds * 1000)),
        message: message.transpose()?,
        state: state_of(item)?,
        media: item.contains_key(HAS_MEDIA).then(|| media_of(item)),
        version: need_number(item, VERSION)?,
    })
}

fn digest_of(item: &Item) -> Result<Option<Sha256Digest>, MalformedItem> {
    let Some(value) = item.get(SHA256) else { return Ok(None) };
    let bytes = value.as_b().ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_ref()).ok());
    Ok(Some(Sha256Digest::from_bytes(bytes.ok_or(MalformedItem { attribute: SHA256 })?)))
}

fn state_of(item: &Item) -> Result<AttachmentState, MalformedItem> {
    let since = || need_time(item, SINCE);
    match need_text(item, STATE)? {
        "uploading" => {
            let method = match need_text(item, UPLOAD_METHOD)? {
                FORM => UploadMethod::Form,
                DIRECT => UploadMethod::Direct,
                PARTS => UploadMethod::Parts(PartPlan {
                    upload: UploadId::new(need_text(item, UPLOAD_ID)?),
                    part_bytes: need_number(item, PART_BYTES)?,
                }),
                _ => return Err(MalformedItem { attribute: UPLOAD_METHOD }),
            };
            Ok(AttachmentState::Uploading(Upload { method, until: need_time(item, UPLOAD_UNTIL)? }))
        }
        "scanning" => {
            let attempts = u32::try_from(need_number(item, ATTEMPTS)?);
            let attempts = attempts.map_err(|_| MalformedItem { attribute: ATTEMPTS })?;
            Ok(AttachmentState::Scanning(Scan {
                since: since()?,
                tag: ObjectTag::parse(need_text(item, TAG)?),
                attempts,
            }))
        }
        "clean" => Ok(AttachmentState::Clean { since: since()? }),
        "removed" => Ok(AttachmentState::Removed { since: since()? }),
        stage => {
            let unsaid = Stage::parse(stage).and_then(Reason::unsaid);
            let unsaid = unsaid.ok_or(MalformedItem { attribute: STATE })?;
            let reason = text(item, REASON).and_then(Reason::parse).unwrap_or(unsaid);
            Ok(AttachmentState::Refused { since: since()?, reason })
        }
    }
}

fn media_of(item: &Item) -> MediaFacts {
    let pixels = |name| number(item, name).and_then(|pixels| u32::try_from(pixels).ok());
    let size = |width, height| Some(Dimensions { width: pixels(width)?, height: pixels(height)? });
    MediaFacts {
        dimensions: size(WIDTH, HEIGHT),
        duration_ms: number(item, DURATION_MS),
        blurhash: text(item, BLURHASH).map(str::to_owned),
        waveform: item.get(WAVEFORM).and_then(|value| value.as_b().ok()).map(|bytes| bytes.as_ref().to_vec()),
        thumbnail: size(THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT),
    }
}
