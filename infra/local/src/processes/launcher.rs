//! The first moment of a child: it asks the kernel to die with its parent, then becomes the real program.
//!
//! Between `fork` and `exec` no safe code can run, so the parent starts itself anew with the argument `LAUNCH`, and that
//! process does it: the request outlives `exec`. A parent that is killed leaves no child, not even a stopped one.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The first argument of a program that is to act as launcher: `<program> LAUNCH <parent's pid> <executable>`.
pub const LAUNCH: &str = "__launch";

/// Turns this process into the executable that the arguments name; returns only if that fails.
pub fn launch(arguments: impl IntoIterator<Item = OsString>) -> io::Error {
    let mut arguments = arguments.into_iter();
    let (Some(parent), Some(executable)) = (arguments.next(), arguments.next()) else {
        return io::Error::other("expected a parent's pid and an executable");
    };
    if let Err(error) = die_with_parent(&parent) {
        return error;
    }
    Command::new(executable).args(arguments).exec()
}

#[cfg(target_os = "linux")]
fn die_with_parent(parent: &OsString) -> io::Result<()> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))?;
    let expected = parent.to_str().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
    if getppid() == expected { Ok(()) } else { Err(io::Error::other("the parent has ended")) }
}

/// Elsewhere functions end because the connection to the Runtime API does.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_parent: &OsString) -> io::Result<()> {
    Ok(())
}
