//! The arrows between the workspace's crates, kept in `xtask/arrows.txt` so that a new one is a decision.
//!
//! One line each: `a -> b` for what ships, `a ~> b` for what only tests or build scripts of `a` use.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tools;

fn golden() -> PathBuf {
    tools::root().join("xtask/arrows.txt")
}

/// The arrows that cargo knows of, from `cargo metadata`.
fn of(metadata: &Value) -> BTreeSet<String> {
    let mut arrows = BTreeSet::new();
    for package in tools::entries(metadata, "packages") {
        // Only a crate of the workspace is reached by a path.
        for dependency in tools::entries(package, "dependencies").filter(|dependency| dependency["path"].is_string()) {
            let arrow = if dependency["kind"].is_null() { "->" } else { "~>" };
            arrows.insert(format!("{} {arrow} {}", tools::text(package, "name"), tools::text(dependency, "name")));
        }
    }
    arrows
}

/// What differs between `found` and the golden text, one sentence each.
fn differences(found: &BTreeSet<String>, golden: &str) -> Vec<String> {
    let accepted: BTreeSet<String> = golden.lines().map(String::from).collect();
    let new = found.difference(&accepted).map(|arrow| format!("new arrow between crates: {arrow}"));
    let gone = accepted.difference(found).map(|arrow| format!("arrow that is no longer there: {arrow}"));
    new.chain(gone).collect()
}

/// What differs from the arrows that were accepted, one sentence each.
pub fn check() -> Result<Vec<String>> {
    let accepted = std::fs::read_to_string(golden()).unwrap_or_default();
    Ok(differences(&of(&tools::metadata(&["--no-deps"])?), &accepted))
}

/// Accepts today's arrows.
pub fn bless() -> Result<()> {
    let lines: String = of(&tools::metadata(&["--no-deps"])?).iter().map(|arrow| format!("{arrow}\n")).collect();
    std::fs::write(golden(), lines).context("cannot write xtask/arrows.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_read_and_compared() {
        let metadata = serde_json::json!({"packages": [
            {"name": "centre", "dependencies": [
                {"name": "store", "path": "/x/store", "kind": null},
                {"name": "kernels", "path": "/x/kernels", "kind": "dev"},
                {"name": "serde", "kind": null},
            ]},
            {"name": "store", "dependencies": []},
        ]});
        let found = of(&metadata);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["centre -> store", "centre ~> kernels"]);
        assert_eq!(differences(&found, "centre -> store\ncentre ~> kernels\n"), Vec::<String>::new());
        let said = differences(&found, "centre -> store\nstore -> model\n");
        assert_eq!(
            said,
            ["new arrow between crates: centre ~> kernels", "arrow that is no longer there: store -> model"]
        );
    }
}
