//! Whether a machine is well: the operator's own probes, and what the system's files tell without any. Must not know how a
//! program is run, nor a file read: files are given as a [`Tree`].

mod disk;
mod files;
mod heat;
mod memory;
mod network;
mod processors;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{is_name, plain};

/// Texts of the system by path. `/sys/...` and `/proc/...` as they are; besides, `smart/DISK` what `smartctl --json -H -A`
/// said of it, and `statfs/PATH` four numbers: blocks, free ones for everybody, inodes, free ones.
pub type Tree = BTreeMap<String, String>;

/// How one thing is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// The machine does not tell.
    Unknown,
    /// Not as it should be.
    Bad,
}

/// What a probe found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The probe's name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// What was found, in a line.
    pub text: String,
}

impl Finding {
    pub(crate) fn new(name: &str, state: State, text: impl AsRef<str>) -> Self {
        Self { name: name.to_owned(), state, text: plain(text.as_ref()) }
    }
}

/// What should be found on a machine; what is not said is only told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Hardware threads.
    pub cpus: Option<u32>,
    /// Memory of the kernel; 2 % less is well.
    pub memory_mib: Option<u64>,
    /// Megabits a second, at least, by network card.
    pub network: BTreeMap<String, u32>,
    /// Folders that are file systems of their own.
    pub mounts: Vec<String>,
    /// Degrees that no part may have, where the part itself does not say.
    pub celsius: Option<u32>,
    /// A file system may be so full, in hundredths.
    pub full: Option<u8>,
    /// Errors of memory that were corrected since the start and are borne.
    pub corrected: u64,
}

/// A probe of the operator's: BlueBanquise's contract.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Names it in listings.
    pub name: String,
    /// What is run: a program and its arguments; no shell reads it.
    pub command: Command,
    /// What it ends with where all is well.
    #[serde(default = "well", deserialize_with = "one_or_many")]
    pub ok_exitcode: Vec<i32>,
    /// Seconds after which it is ended, which is not well.
    #[serde(default = "patience")]
    pub timeout: u32,
}

/// Words of a command.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Command {
    /// Divided at spaces, but within quotation marks.
    Line(String),
    /// One by one.
    Words(Vec<String>),
}

fn well() -> Vec<i32> {
    vec![0]
}

fn patience() -> u32 {
    10
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<i32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Codes {
        One(i32),
        Many(Vec<i32>),
    }
    Ok(match Codes::deserialize(from)? {
        Codes::One(code) => vec![code],
        Codes::Many(codes) => codes,
    })
}

impl Probe {
    /// Its program and arguments.
    pub fn words(&self) -> Vec<String> {
        match &self.command {
            Command::Words(words) => words.clone(),
            Command::Line(line) => words(line).unwrap_or_default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let is_open = matches!(&self.command, Command::Line(line) if words(line).is_none());
        match () {
            () if !is_name(name) => Err(format!("`{name}` is no name of a probe: letters, digits, `-`, `_`, `.`")),
            () if is_open => Err(format!("the command of probe {name} has a quotation mark without its other")),
            () if self.words().first().is_none_or(String::is_empty) => Err(format!("probe {name} has no command")),
            () if !(1..=300).contains(&self.timeout) => Err(format!("timeout of probe {name}: 1 to 300 seconds")),
            () => Ok(()),
        }
    }

    /// What it found: the code that its program ended with (`None`: by a signal, or too late) and what it said.
    pub fn finding(&self, ended: Result<Option<i32>, &str>, said: &str) -> Finding {
        let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
        let (state, text) = match ended {
            Ok(Some(code)) if self.ok_exitcode.contains(&code) => (State::Good, said.to_owned()),
            Ok(Some(code)) if said.is_empty() => (State::Bad, format!("it ended with {code}")),
            Ok(Some(code)) => (State::Bad, format!("it ended with {code}: {said}")),
            Ok(None) => (State::Bad, "it was ended by a signal".to_owned()),
            Err(why) => (State::Bad, why.to_owned()),
        };
        Finding::new(&self.name, state, text)
    }
}

/// A line's words; `None`: a quotation does not end.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut mark) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match mark {
            Some(open) if letter == open => mark = None,
            Some(_) => word.get_or_insert_default().push(letter),
            None if letter == '\'' || letter == '"' => {
                mark = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    mark.is_none().then_some(words)
}

/// What the system's own files tell.
pub fn examine(tree: &Tree, expect: &Expect) -> Vec<Finding> {
    let mut findings = vec![
        processors::count(tree, expect),
        processors::errors(tree),
        memory::size(tree, expect),
        memory::corrected(tree, expect),
        heat::temperature(tree, expect),
    ];
    findings.extend(disk::smart(tree));
    findings.extend(network::cards(tree, expect));
    findings.extend(files::systems(tree, expect));
    findings
}

/// A number that a file has.
pub(crate) fn number<N: std::str::FromStr>(tree: &Tree, path: &str) -> Option<N> {
    tree.get(path)?.trim().parse().ok()
}

/// Paths below one, with what follows it.
pub(crate) fn below<'a>(tree: &'a Tree, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let range = tree.range(start.to_owned()..).take_while(move |(path, _)| path.starts_with(start));
    range.map(move |(path, text)| (&path[start.len()..], text.as_str()))
}

#[cfg(test)]
mod tests;
