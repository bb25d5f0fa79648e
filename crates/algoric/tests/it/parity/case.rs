//! One case: a text file with what is typed and what Slurm said to it. Says nothing of how it is typed or compared.
//!
//! ```text
//! # What it is about.
//! # slurm-wlm 22.05.8
//! ### file: job.sh
//! #!/bin/bash
//! ### end
//! $ sbatch job.sh
//! Submitted batch job 90001
//! ```
//!
//! After a line come its standard output, its standard error (each line after `2> `), and `[exit N]` unless that is 0.

use std::fmt::Write as _;

/// The number of the first job of every case, in its file.
pub const FIRST_ID: u32 = 90_001;

/// What is typed, and what was said to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub typed: String,
    pub said: String,
}

/// A case.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Case {
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Whose recording this is; empty before the first.
    pub version: String,
    pub files: Vec<(String, String)>,
    pub lines: Vec<Line>,
}

impl Case {
    /// Reads a file's text.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut case = Self { name: name.to_owned(), ..Self::default() };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(file) = line.strip_prefix("### file: ") {
                let body = lines.by_ref().take_while(|line| *line != "### end");
                let body = body.fold(String::new(), |text, line| text + line + "\n");
                case.files.push((file.to_owned(), body));
            } else if let Some(typed) = line.strip_prefix("$ ") {
                case.lines.push(Line { typed: typed.to_owned(), said: String::new() });
            } else if let Some(last) = case.lines.last_mut() {
                last.said.push_str(line);
                last.said.push('\n');
            } else if let Some(version) = line.strip_prefix("# slurm-wlm ") {
                case.version = version.to_owned();
            } else {
                case.about.push_str(line.trim_start_matches(['#', ' ']));
            }
        }
        case
    }

    /// The file's text.
    pub fn print(&self) -> String {
        let mut text = format!("# {}\n", self.about);
        if !self.version.is_empty() {
            writeln!(text, "# slurm-wlm {}", self.version).unwrap();
        }
        for (name, body) in &self.files {
            write!(text, "### file: {name}\n{body}### end\n").unwrap();
        }
        for line in &self.lines {
            write!(text, "$ {}\n{}", line.typed, line.said).unwrap();
        }
        text
    }

    /// How a line is named among the differences: what is typed, with `(2)` after it when it is typed for the second time.
    pub fn name_of(&self, at: usize) -> String {
        let typed = &self.lines[at].typed;
        match self.lines[..at].iter().filter(|line| line.typed == *typed).count() {
            0 => typed.clone(),
            before => format!("{typed} ({})", before + 1),
        }
    }
}

#[test]
fn a_printed_case_reads_the_same() {
    let text = "# About.\n# slurm-wlm 1\n### file: a\nx\n\ny\n### end\n$ a\nb\n\n2> c\n[exit 1]\n$ a\n";
    let case = Case::parse("n", text);
    assert_eq!(case.print(), text);
    assert_eq!((case.name_of(0), case.name_of(1)), ("a".into(), "a (2)".into()));
}
