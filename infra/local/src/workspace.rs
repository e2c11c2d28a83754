//! Where the project lies, and how its programs are built.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The project's folder and that of its built programs.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Holds Cargo.toml and template.yaml.
    pub root: PathBuf,
    /// Holds the executables.
    pub binaries: PathBuf,
}

impl Workspace {
    /// Looks from the current folder upwards, then where this program was built.
    pub fn find() -> io::Result<Self> {
        let built_at = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let current = std::env::current_dir()?;
        let root = current
            .ancestors()
            .chain(built_at)
            .find(|folder| folder.join("template.yaml").is_file() && folder.join("Cargo.toml").is_file())
            .ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::NotFound,
                    "no template.yaml beside a Cargo.toml, from here upwards",
                )
            })?
            .to_owned();
        let own = std::env::current_exe()?;
        let profile = own.parent().filter(|folder| folder.ends_with("release") || folder.ends_with("debug"));
        let binaries = profile.map_or_else(|| root.join("target/release"), Path::to_path_buf);
        Ok(Self { root, binaries })
    }

    /// The template.
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// Refuses where a program of those names was not built.
    pub fn require<'a>(&self, programs: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        for program in programs.into_iter().map(|name| self.binaries.join(name)) {
            if !program.is_file() {
                let message = format!("{} is not there: build it first", program.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, message));
            }
        }
        Ok(())
    }

    /// Builds the programs of those names; cargo shows its progress on the standard error.
    pub async fn build(&self, programs: impl IntoIterator<Item = &str>) -> io::Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = tokio::process::Command::new(cargo);
        command.current_dir(&self.root).args(["build", "--workspace"]);
        if self.binaries.ends_with("release") {
            command.arg("--release");
        }
        if let Some(target) = self.binaries.parent() {
            command.arg("--target-dir").arg(target);
        }
        for program in programs {
            command.args(["--bin", program]);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_about_this_package(name)) {
            command.env_remove(name);
        }
        let status = command.stdin(Stdio::null()).kill_on_drop(true).status().await?;
        if status.success() { Ok(()) } else { Err(io::Error::other("the functions could not be built")) }
    }
}

/// What `cargo run` tells a program of its package. Build scripts that look at these would run anew, and all that depends on them be
/// compiled again.
fn is_about_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_", "OUT_DIR"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_not_built_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), binaries: folder.path().to_owned() };
        std::fs::write(folder.path().join("ws-sync"), "").unwrap();
        assert!(workspace.require(["ws-sync"]).is_ok());
        let missing = workspace.require(["ws-sync", "ws-typing"]).unwrap_err().to_string();
        assert!(missing.ends_with("/ws-typing is not there: build it first"), "{missing}");
    }
}
