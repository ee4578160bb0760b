//! The styles of text on a terminal.

use anstyle::{AnsiColor, Style};

/// Bold red, yellow, green and dim.
const fn bold(color: AnsiColor) -> Style {
    color.on_default().bold()
}
pub(crate) const ERROR: Style = bold(AnsiColor::Red);
pub(crate) const WARNING: Style = bold(AnsiColor::Yellow);
pub(crate) const HINT: Style = bold(AnsiColor::Cyan);
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
