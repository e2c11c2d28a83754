//! What `chat` prints: whole lines, and on a terminal a prompt that stays below them.

use std::io::{IsTerminal as _, Write as _, stdin, stdout};

use parlance_client::protocol::wire_time::WireTime;

const PROMPT: &str = "> ";
/// To the beginning of the line, and away with what stands there.
const CLEAR_LINE: &str = "\r\x1b[K";
const LINE_UP: &str = "\x1b[1A";

/// The standard output, on which somebody may be typing.
pub(super) struct Screen {
    is_terminal: bool,
}

impl Screen {
    pub(super) fn open() -> Self {
        Self { is_terminal: stdout().is_terminal() && stdin().is_terminal() }
    }

    /// A message of somebody.
    pub(super) fn message(&self, at: WireTime, sender: &str, text: &str) {
        let at = at.to_string();
        let clock = at.get(11..16).unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            let sender = if index == 0 { sender } else { "" };
            self.print(&format!("{clock} {:>10}  {}", printable(sender), printable(line)));
        }
    }

    /// Something that is no message.
    pub(super) fn note(&self, text: &str) {
        self.print(&format!("-- {}", printable(text)));
    }

    /// A line was typed: it makes room for the message that it becomes.
    pub(super) fn entered(&self) {
        if self.is_terminal {
            write(&format!("{LINE_UP}{CLEAR_LINE}{PROMPT}"));
        }
    }

    /// Nothing more will be printed.
    pub(super) fn close(&self) {
        if self.is_terminal {
            write(CLEAR_LINE);
        }
    }

    fn print(&self, line: &str) {
        if self.is_terminal {
            write(&format!("{CLEAR_LINE}{line}\n{PROMPT}"));
        } else {
            write(&format!("{line}\n"));
        }
    }
}

fn write(text: &str) {
    let mut out = stdout().lock();
    // When nobody reads any more the next read of a line ends the program.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The text without what would move a terminal's cursor, change its colours or turn its writing around.
fn printable(text: &str) -> String {
    let is_direction =
        |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_direction(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_draws_on_another_ones_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c\td\u{9b}1m\u{1f44b}"), "a[2Jbc d1m\u{1f44b}");
    }
}
