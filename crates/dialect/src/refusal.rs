//! How a command ends early: refused, or asked only for its own help. Texts and exit codes are Slurm's, captured.
//!
//! Must not know who refuses; what the centre refuses is in [`crate::errors`].

/// A command's end before it did anything: what goes to standard output and standard error, and the exit code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Refusal {
    /// Text for standard output, with its line ends; empty for a true refusal (`--help` and `--version` fill it).
    pub stdout: String,
    /// Lines for standard error, already prefixed (`sbatch: error: ...`), without line ends.
    pub lines: Vec<String>,
    /// What the process returns.
    pub exit: u8,
}

impl Refusal {
    /// One line on standard error.
    pub fn line(text: impl Into<String>, exit: u8) -> Self {
        Self { stdout: String::new(), lines: vec![text.into()], exit }
    }

    /// `PROGRAM: error: TEXT`, as Slurm's own log lines look.
    pub fn error(program: &str, text: impl AsRef<str>, exit: u8) -> Self {
        Self::line(format!("{program}: error: {}", text.as_ref()), exit)
    }

    /// One more line.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }

    /// Not a refusal: the answer is this text on standard output, the exit code 0.
    pub fn answer(text: impl Into<String>) -> Self {
        Self { stdout: text.into(), lines: Vec::new(), exit: 0 }
    }
}

/// What the commands print for `-V`: programs parse it, so it is the version whose language we speak.
pub const VERSION: &str = "slurm-wlm 22.05.8";

/// `--version`.
pub fn version() -> Refusal {
    Refusal::answer(format!("{VERSION}\n"))
}
