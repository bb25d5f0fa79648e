//! From a step to the text that a machine's shell reads. All of it goes to standard input: nothing that matters, and no
//! secret, stands on a command line. Must not know how it gets there.

use crate::Step;

/// What a step's script is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// To look whether it is done.
    Check,
    /// To do it, and to look.
    Act,
    /// To undo it.
    Undo,
    /// To say what other machines compare with.
    Give,
    /// Of the controller: to take nothing more from the step's machine, which is about to undo it.
    Release,
}

/// The parts of a text.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// `lib.sh`.
    pub shared: &'a str,
    /// The script of the step's work.
    pub script: &'a str,
    /// The content of the step's file.
    pub content: Option<&'a str>,
    /// What the controller gave.
    pub given: Option<&'a str>,
    /// The asking machine's clock, seconds since 1970.
    pub now_s: i64,
}

/// The text for `sh -s`. It does nothing unless it arrives whole: only its last line calls anything. Two that change
/// something wait for each other, so that one whose caller was killed is not overtaken by the next.
pub fn text(step: &Step, order: Order, parts: Parts<'_>) -> String {
    let mut text = format!("NOW={}\n", parts.now_s);
    for (name, value) in &step.set {
        text.push_str(&format!("{name}={}\n", quoted(value)));
    }
    if let Some(given) = parts.given {
        text.push_str(&format!("GIVEN={}\n", quoted(given)));
    }
    if let Some(content) = parts.content {
        text.push_str(&format!("content() {{ printf %s {}; }}\n", quoted(content)));
    }
    text.extend([parts.shared, "\n", parts.script, "\n"]);
    text.push_str(match order {
        Order::Check => "check\n",
        Order::Give => "give\n",
        Order::Release => "release\n",
        Order::Act => "alone && { act; check; }\n",
        Order::Undo => "alone && undo\n",
    });
    text
}

/// A text as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Why something is not as it should be: a word that texts are named by, and what about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// `clock-off`.
    pub word: String,
    /// `312`.
    pub value: String,
}

/// The reasons among what a script printed.
pub fn reasons(output: &str) -> Vec<Reason> {
    let said = output.lines().filter_map(|line| line.strip_prefix('!'));
    let split = |line: &str| line.split_once(' ').map(|(word, value)| (word.to_owned(), value.trim().to_owned()));
    said.map(|line| split(line).unwrap_or_else(|| (line.to_owned(), String::new())))
        .map(|(word, value)| Reason { word, value })
        .collect()
}
