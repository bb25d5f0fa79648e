//! `cargo xtask tidy`: the house's habits that no lint checks.
//!
//! What has grown too long is named and forgiven; everything else is an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{arrows, rust_text, tools};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Marks of unfinished work, in pieces so that this file does not carry them itself.
const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!"), concat!("unimpl", "emented!")];

/// Crates without files, environment, processes, clock or chance. Each has a `clippy.toml` that says so.
const PURE: &[&str] = &[
    "api",
    "apps",
    "dialect",
    "energy",
    "files",
    "kernels",
    "language",
    "ledger",
    "model",
    "node",
    "scheduler",
    "simulator",
    "site",
];

/// People who own no machine of ours: their homes may be named in examples.
const EXAMPLE_PEOPLE: &[&str] = &[
    "NAME", "ada", "algoric", "alice", "an", "anne", "bob", "bobine", "carol", "config", "embedded", "grace", "great",
    "member", "none", "page", "park", "results", "run", "secret", "shared", "slurm", "slurmdbd", "tariffs", "tests",
    "tree", "u", "up", "user", "w", "way", "yann", "yann-k",
];

/// Names what is long and what is wrong; fails if anything is wrong.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &["bless"], &[])?;
    if arguments.iter().any(|argument| argument == "--bless") {
        arrows::bless()?;
    }
    let (mut errors, mut long) = (arrows::check()?, Vec::new());
    if !errors.is_empty() {
        errors.push("arrows: if they are meant, accept them with `cargo xtask tidy --bless`".into());
    }
    let root = tools::root();
    errors.extend(pure_crates(&root));
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().into_owned();
        if name.ends_with(".snap.new") {
            errors.push(format!("{name}: a snapshot that nobody accepted or refused"));
        }
        let Ok(text) = fs::read_to_string(&file) else { continue }; // a picture, or gone since
        errors.extend(places(&name, &text, &root.to_string_lossy()));
        if name.ends_with(".rs") {
            errors.extend(rust_errors(&name, &text));
            long.extend(lengths(&name, &text));
        }
    }
    for line in long {
        println!("long: {line}");
    }
    for line in &errors {
        println!("error: {line}");
    }
    println!("tidy: {}", if errors.is_empty() { "ok".into() } else { format!("{} errors", errors.len()) });
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All files of the tree, in order of name, but for what git and cargo keep there.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !["target", ".git"].contains(&&*entry.file_name().to_string_lossy()) => {
                collect(&path, files)?
            }
            Ok(kind) if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// The Rust files of the tree, by name, with their text.
pub fn rust_files() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    collect(&tools::root(), &mut files)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    Ok(files.into_iter().filter_map(|file| fs::read_to_string(&file).ok().map(|text| (file, text))).collect())
}

/// Numbered lines of `text` for which `wrong` has a word.
fn lines(name: &str, text: &str, wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let found = text.lines().enumerate().filter_map(|(at, line)| Some((at + 1, wrong(line)?)));
    found.map(|(number, what)| format!("{name}:{number}: {what}")).collect()
}

/// What is wrong in one Rust file.
fn rust_errors(name: &str, text: &str) -> Vec<String> {
    let code = rust_text::code_only(text);
    let mut errors = lines(name, &code, |line| line.contains("#[ignore").then(|| "a test that never runs".into()));
    let is_product = name.starts_with("crates/") && name.contains("/src/") || name.starts_with("xtask/src/");
    if is_product {
        if !text.trim_start().starts_with("//!") {
            errors.push(format!("{name}:1: does not open with `//!`: what it is for, what it must not know"));
        }
        errors.extend(lines(name, text, |line| {
            let mark = UNFINISHED.iter().find(|mark| rust_text::has_word(line, mark))?;
            Some(format!("{mark} in the product"))
        }));
    }
    errors
}

/// Places of somebody's machine named in a file: this tree's own, or a home.
fn places(name: &str, text: &str, root: &str) -> Vec<String> {
    let work = concat!("/wo", "rk/");
    lines(name, text, |line| {
        let starts = |place: &str| {
            let mut found = line.match_indices(place).filter(|(at, _)| {
                // `$X/work/`, `../work/` and `net/work/` are parts of other paths.
                !line[..*at].ends_with(|before: char| before.is_alphanumeric() || "._-/}*$".contains(before))
            });
            found.next().map(|(at, _)| line[at + place.len()..].to_owned())
        };
        let home = starts("/home/").is_some_and(|rest| {
            let who: String =
                rest.chars().take_while(|&letter| letter.is_alphanumeric() || "_-".contains(letter)).collect();
            // `/home/plug.py` is a file beside the homes.
            let is_file = rest[who.len()..].strip_prefix('.').is_some_and(|end| end.starts_with(char::is_alphabetic));
            !who.is_empty() && !is_file && !EXAMPLE_PEOPLE.contains(&who.as_str())
        });
        let place = if home {
            "somebody's home"
        } else if starts(work).is_some() || root.len() > 1 && line.contains(root) {
            "a place on one machine"
        } else {
            return None;
        };
        Some(format!("names {place}"))
    })
}

/// What has grown past the house's measure.
fn lengths(name: &str, text: &str) -> Vec<String> {
    let mut long = Vec::new();
    let count = text.lines().count();
    if count > FILE_LINES {
        long.push(format!("{name}: {count} lines (of {FILE_LINES})"));
    }
    for function in
        rust_text::functions(&rust_text::code_only(text)).iter().filter(|function| function.lines > FUNCTION_LINES)
    {
        long.push(format!(
            "{name}:{}: fn {}, {} lines (of {FUNCTION_LINES})",
            function.line, function.name, function.lines
        ));
    }
    long
}

/// Pure crates whose `clippy.toml` does not ban all that `xtask/pure-clippy.toml` bans.
fn pure_crates(root: &Path) -> Vec<String> {
    let template = fs::read_to_string(root.join("xtask/pure-clippy.toml")).unwrap_or_default();
    let crates = PURE.iter().map(|name| (name, root.join("crates").join(name)));
    let mut errors = Vec::new();
    for (name, folder) in crates.filter(|(_, folder)| folder.join("Cargo.toml").is_file()) {
        let own = fs::read_to_string(folder.join("clippy.toml")).unwrap_or_default();
        let missing: Vec<&str> = banned(&template).filter(|path| !banned(&own).any(|other| other == *path)).collect();
        if own.is_empty() {
            errors.push(format!(
                "crates/{name} is pure and has no clippy.toml: cp xtask/pure-clippy.toml crates/{name}/clippy.toml"
            ));
        } else if !missing.is_empty() {
            errors.push(format!(
                "crates/{name}/clippy.toml does not ban {} (xtask/pure-clippy.toml)",
                missing.join(", ")
            ));
        }
    }
    errors
}

/// The paths that a `clippy.toml` of one ban a line bans.
fn banned(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.split_once("path = \"")?.1.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_files_are_judged() {
        let check = |name: &str, text: &str, expected: &[&str]| {
            let found = rust_errors(name, text);
            assert!(
                found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| f.contains(e)),
                "{name} {text}: {found:?}"
            );
        };
        let source = "crates/a/src/lib.rs";
        check(source, "//! Good.\nfn a() {}", &[]);
        check(source, "fn a() {}", &["does not open"]);
        for mark in UNFINISHED {
            let text = format!("//! Good.\n// {mark}(later)\n");
            check(source, &text, &["lib.rs:2: "]);
            check("crates/a/tests/it/main.rs", &text, &[]);
        }
        check("crates/a/tests/it/main.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}", &["main.rs:2: a test"]);
        check("crates/a/tests/it/main.rs", "// #[ignore]\n", &[]);
    }

    #[test]
    fn places_of_a_machine_are_found() {
        let check =
            |line: &str, wrong: bool| assert_eq!(!places("a", line, "/src/algoric").is_empty(), wrong, "{line}");
        let home = "/home";
        check(&format!("see {home}/zoe/x"), true);
        check(&format!("cd {home}/alice/run"), false);
        check(&format!("{home}/$USER, {home}/*"), false);
        check(&format!("python3 {home}/plug.py"), false);
        check(&format!("see {home}/zoe."), true);
        check(concat!("in /wo", "rk/main"), true);
        check(concat!("$DIR/wo", "rk/main and net/wo", "rk/"), false);
        check("built in /src/algoric/target", true);
        check("/usr/bin/algoric", false);
    }

    #[test]
    fn lengths_are_named_past_the_measure() {
        let long = |count: usize| format!("fn a() {{\n{}}}\n", "x;\n".repeat(count - 2));
        assert_eq!(lengths("a.rs", &long(FUNCTION_LINES)), Vec::<String>::new());
        assert_eq!(lengths("a.rs", &long(FUNCTION_LINES + 1)), ["a.rs:1: fn a, 71 lines (of 70)"]);
        assert_eq!(lengths("a.rs", &long(FILE_LINES + 1)).len(), 2);
    }

    #[test]
    fn pure_crates_need_every_ban() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let write = |name: &str, text: &str| -> Result<()> {
            let file = tree.path().join(name);
            fs::create_dir_all(file.parent().context("no parent")?)?;
            Ok(fs::write(file, text)?)
        };
        write("xtask/pure-clippy.toml", "  { path = \"a::b\", reason = \"\" },\n  { path = \"c\" },\n")?;
        assert_eq!(pure_crates(tree.path()), Vec::<String>::new());
        write("crates/model/Cargo.toml", "")?;
        assert!(pure_crates(tree.path())[0].contains("has no clippy.toml"));
        write("crates/model/clippy.toml", "{ path = \"c\" }")?;
        assert!(pure_crates(tree.path())[0].contains("does not ban a::b "));
        write("crates/model/clippy.toml", "{ path = \"c\" }\n{ path = \"a::b\" }")?;
        assert_eq!(pure_crates(tree.path()), Vec::<String>::new());
        Ok(())
    }
}
