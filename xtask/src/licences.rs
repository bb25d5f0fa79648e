//! `cargo xtask licences`: every dependency must come under a licence of the list; crates that are there in two
//! incompatible versions are named. `deny.toml` has the same list for people who use cargo-deny.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::tools;

/// What we accept, as SPDX names; a star stands for any ending.
const ALLOWED: &[&str] =
    &["MIT", "Apache-2.0", "BSD-*", "ISC", "Zlib", "Unicode-3.0", "CC0-1.0", "Unlicense", "BSL-1.0"];

/// Says what was found; fails on a licence that is not on the list.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &[])?;
    let (checked, refused, twice) = look()?;
    for line in twice {
        println!("twice: {line}");
    }
    for line in &refused {
        println!("error: {line}");
    }
    println!("licences: {checked} dependencies, {} refused", refused.len());
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many dependencies there are, which are refused, and which are there twice.
fn look() -> Result<(usize, Vec<String>, Vec<String>)> {
    // What ships runs on Linux; other systems' crates would only be downloaded to be read.
    let rustc = tools::output(&mut tools::command("rustc", ["-vV"]))?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    let metadata = tools::metadata(&["--locked", "--filter-platform", host])?;
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut checked, mut refused) = (0, Vec::new());
    for package in tools::entries(&metadata, "packages").filter(|package| package["source"].is_string()) {
        checked += 1;
        let (name, version) = (tools::text(package, "name"), tools::text(package, "version"));
        versions.entry(name.to_owned()).or_default().insert(major(version));
        if let Err(reason) = allows(tools::text(package, "license")) {
            refused.push(format!("{name} {version}: {reason}"));
        }
    }
    let twice = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let twice =
        twice.map(|(name, versions)| format!("{name} {}", versions.into_iter().collect::<Vec<_>>().join(" and ")));
    Ok((checked, refused, twice.collect()))
}

/// The part of a version within which cargo takes one for another: `1`, `0.9`, `0.0.3`.
fn major(version: &str) -> String {
    let parts: Vec<&str> = version.split('.').collect();
    let kept = 1 + parts.iter().take(2).take_while(|part| **part == "0").count();
    parts[..kept.min(parts.len())].join(".")
}

/// Whether a licence expression can be met within the list; else why not. SPDX 2.3, annex D, and the older `A/B`.
fn allows(expression: &str) -> Result<()> {
    if expression.is_empty() {
        bail!("says no licence");
    }
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let good = either(&mut words).with_context(|| format!("'{expression}' is no licence expression"))?;
    if words.next().is_some() {
        bail!("'{expression}' is no licence expression");
    }
    if !good {
        bail!("{expression} is not on the list");
    }
    Ok(())
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words) -> Result<bool> {
    let mut good = both(words)?;
    while words.next_if_eq(&"OR").is_some() {
        good |= both(words)?;
    }
    Ok(good)
}

fn both(words: &mut Words) -> Result<bool> {
    let mut good = one(words)?;
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words)?;
    }
    Ok(good)
}

fn one(words: &mut Words) -> Result<bool> {
    let word = words.next().context("it ends too early")?;
    if word == "(" {
        let good = either(words)?;
        words.next_if_eq(&")").context("a ')' is missing")?;
        return Ok(good);
    }
    if ["OR", "AND", "WITH", ")"].contains(&word) {
        bail!("a licence is missing before '{word}'");
    }
    // An exception only permits more.
    if words.next_if_eq(&"WITH").is_some() {
        words.next().context("it ends too early")?;
    }
    Ok(ALLOWED
        .iter()
        .any(|allowed| allowed.strip_suffix('*').map_or(word == *allowed, |start| word.starts_with(start))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_weighed() {
        let check = |expression: &str, good: bool| assert_eq!(allows(expression).is_ok(), good, "{expression}");
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/GPL-3.0",
            "GPL-2.0 OR BSD-3-Clause",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "MPL-2.0 AND GPL-3.0 OR Zlib",
        ] {
            check(good, true);
        }
        for bad in [
            "",
            "MPL-2.0",
            "MIT AND MPL-2.0",
            "MIT OR",
            "(MIT",
            "MIT)",
            "MIT Zlib",
            "MIT-0",
            "WITH MIT",
            "MPL-2.0 OR GPL-3.0 AND MIT",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn majors_are_cargos() {
        for (version, expected) in [("1.2.3", "1"), ("0.9.1", "0.9"), ("0.0.3", "0.0.3"), ("10.0.0", "10")] {
            assert_eq!(major(version), expected);
        }
    }

    #[test]
    fn cargo_deny_has_the_same_list() {
        let deny = std::fs::read_to_string(tools::root().join("deny.toml")).unwrap_or_default();
        for licence in ALLOWED.iter().filter(|licence| !licence.ends_with('*')) {
            assert!(deny.contains(&format!("\"{licence}\"")), "deny.toml lacks {licence}");
        }
        assert!(!deny.contains("MPL-2.0"));
    }
}
