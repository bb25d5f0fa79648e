//! Whoever changes what goes over the wire raises the version, so that an old command and a new centre tell each other so
//! instead of misreading each other.

#![allow(clippy::disallowed_methods, reason = "a test reads sources")]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The types that go over the wire: all of this crate, and what it borrows from `model`.
const SOURCES: [&str; 2] = ["src", "../model/src"];
const KEPT: &str = "tests/version.txt";

/// The sources in a folder and in those below it.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The lines of types, without comments, other attributes than serde's, and indentation, in one number (FNV-1a).
fn shape() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in SOURCES {
        sources(&root.join(folder), &mut files);
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // Only what types are made of: their lines stand in no function.
        let mut within_type = false;
        for line in code
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//") && (!line.starts_with("#[") || line.contains("serde")))
        {
            if line.starts_with("pub struct") || line.starts_with("pub enum") {
                within_type = true;
            }
            if within_type {
                hash = line.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            }
            if line == "}" || line.ends_with(");") && line.starts_with("pub struct") {
                within_type = false;
            }
        }
    }
    hash
}

#[test]
fn the_version_is_raised_with_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(KEPT);
    let now = format!("version {}\nshape {:016x}\n", api::VERSION, shape());
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if env::var_os("ALGORIC_BLESS").is_some() {
        let is_raised = kept.lines().next() != now.lines().next();
        assert!(is_raised || kept == now, "types changed: raise api::VERSION, then bless again");
        fs::write(path, now).expect("written");
        return;
    }
    assert_eq!(kept, now, "types on the wire changed: raise api::VERSION, then run this test with ALGORIC_BLESS=1");
}
