//! Attachments in DynamoDB: one item each, which expires unless a message owns it.

pub(super) mod item;

use async_trait::async_trait;
use parlance_application::ports::{
    PortError, Replacing,
    attachments::{AttachmentRepository, Creating},
};
use parlance_domain::{attachment::Attachment, ids::AttachmentId};

use self::item::{VERSION, attachment_of, item_of};
use super::{
    attributes::{Item, number_value},
    keys,
    table::{Expression, Table, Write, Written},
};

/// Keeps attachments in the table `chat`.
#[derive(Debug, Clone)]
pub struct DynamoAttachments {
    table: Table,
}

impl DynamoAttachments {
    /// Keeps them in this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn read(&self, item: &Item) -> Result<Attachment, PortError> {
        attachment_of(item).map_err(|error| PortError::new(self.table.port(), error))
    }
}

#[async_trait]
impl AttachmentRepository for DynamoAttachments {
    async fn create(&self, attachment: &Attachment) -> Result<Creating, PortError> {
        match self.table.put(item_of(attachment), Some(Expression::absent())).await? {
            Written::Done => Ok(Creating::Created),
            Written::Refused(Some(item)) => Ok(Creating::Exists(Box::new(self.read(&item)?))),
            Written::Refused(None) | Written::Contended => match self.find(attachment.id).await? {
                Some(standing) => Ok(Creating::Exists(Box::new(standing))),
                None => {
                    Err(PortError::new(self.table.port(), "a new attachment was neither written nor there"))
                }
            },
        }
    }

    async fn find(&self, id: AttachmentId) -> Result<Option<Attachment>, PortError> {
        let item = self.table.get(keys::attachment(id), true).await?;
        item.map(|item| self.read(&item)).transpose()
    }

    async fn find_all(&self, ids: &[AttachmentId]) -> Result<Vec<Attachment>, PortError> {
        let mut keys: Vec<_> = ids.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let items = self.table.get_many(keys.into_iter().map(keys::attachment).collect(), true).await?;
        items.iter().map(|item| self.read(item)).collect()
    }

    async fn replace(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        let unchanged = is_version(attachment.version.saturating_sub(1));
        Ok(replacing(&self.table.put(item_of(attachment), Some(unchanged)).await?))
    }

    async fn delete(&self, attachment: &Attachment) -> Result<Replacing, PortError> {
        let unchanged = Expression {
            text: "attribute_not_exists(pk) OR #version = :version",
            ..is_version(attachment.version)
        };
        Ok(replacing(&self.table.delete_if(keys::attachment(attachment.id), unchanged).await?))
    }
}

/// The same in a transaction: the version before this one is replaced, or nothing is written.
pub(super) fn replacement(attachment: &Attachment) -> Write {
    Write::Put(item_of(attachment), Some(is_version(attachment.version.saturating_sub(1))))
}

fn is_version(version: u64) -> Expression {
    Expression {
        text: "#version = :version",
        names: vec![("#version", VERSION)],
        values: vec![(":version", number_value(version))],
    }
}

fn replacing(written: &Written) -> Replacing {
    match written {
        Written::Done => Replacing::Replaced,
        Written::Refused(_) | Written::Contended => Replacing::Outdated,
    }
}
