//! One local cloud for all tests that disturb nobody: other people, other conversations.

use std::fs;

use tokio::sync::OnceCell;

use super::{Cloud, Folder, Setup};

impl Cloud {
    /// The one that is shared, with no option set. Its folder stays for whoever wants to know why a test failed.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Cloud> = OnceCell::const_new();
        SHARED
            .get_or_init(|| async {
                let folder = std::env::current_exe().unwrap().with_extension("cloud");
                // The first run finds none.
                let _ = fs::remove_dir_all(&folder);
                fs::create_dir_all(&folder).unwrap();
                Setup::in_folder(Folder::Kept(folder)).start().await
            })
            .await
    }
}
