//! The programs under test, built once per test process.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, OnceLock};
use std::thread;

/// Where the project and its programs lie.
pub struct Programs {
    /// Holds template.yaml.
    pub root: PathBuf,
    folder: PathBuf,
}

impl Programs {
    /// The programs as the sources are now.
    pub fn built() -> &'static Self {
        static BUILT: OnceLock<Programs> = OnceLock::new();
        BUILT.get_or_init(build)
    }

    /// An executable by its name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A command that runs the local cloud and ends with this process, however that ends.
    pub fn parlance(&self) -> Command {
        let program = self.path("parlance");
        let mut command = Command::new(&program);
        command.current_dir(&self.root).arg("__launch").arg(std::process::id().to_string()).arg(program);
        command
    }
}

/// Names a folder whose programs are taken as they are, by whoever has built them already.
const GIVEN: &str = "PARLANCE_PROGRAMS";

fn build() -> Programs {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    if let Some(folder) = env::var_os(GIVEN) {
        return Programs { root, folder: folder.into() };
    }
    let own = env::current_exe().unwrap();
    let folder = own.ancestors().find(|folder| folder.ends_with("release") || folder.ends_with("debug"));
    let folder = folder.expect("tests run from a target folder").to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&root).args(["build", "--workspace", "--bins", "--quiet", "--target-dir"]);
    cargo.arg(folder.parent().unwrap());
    for (name, _) in env::vars_os().filter(|(name, _)| is_about_this_package(name)) {
        cargo.env_remove(name);
    }
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "the programs cannot be built");
    Programs { root, folder }
}

/// What Cargo tells a test of its package. Build scripts that look at these would run anew, and all that depends on them be compiled again.
fn is_about_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_", "OUT_DIR"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Starts a process from a thread that never ends: the kernel ends a launched process with the thread that started it.
pub fn spawn(command: Command) -> Child {
    static SPAWNER: LazyLock<Sender<(Command, Sender<Child>)>> = LazyLock::new(|| {
        let (orders, received) = channel::<(Command, Sender<Child>)>();
        thread::spawn(move || {
            while let Ok((mut command, reply)) = received.recv() {
                let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
                reply.send(child).unwrap();
            }
        });
        orders
    });
    let (reply, child) = channel();
    SPAWNER.send((command, reply)).unwrap();
    child.recv().expect("the process starts")
}
