//! What cargo has built for tests: which files, of which crate. Asking builds what is not built yet.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use crate::tools;

/// An executable of a test build.
#[derive(Debug, PartialEq)]
pub struct Executable {
    pub package: String,
    pub file: PathBuf,
    /// The crate's own folder, in which cargo would run it.
    pub folder: PathBuf,
    /// Whether it holds tests, or is a program that tests run.
    pub is_test: bool,
}

/// The executables of `cargo test` with this selection (`--workspace`, or `-p NAME`…).
///
/// The whole workspace and a part of it are two builds to cargo: a shared dependency may have other features.
pub fn of_tests(selection: &[&str]) -> Result<Vec<Executable>> {
    let arguments = [&["test", "--no-run", "--message-format", "json-render-diagnostics"], selection].concat();
    let messages = tools::output(&mut tools::command("cargo", arguments))?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let metadata = tools::metadata(&["--no-deps"])?;
    Ok(messages.filter_map(|message| executable(&message, &metadata)).collect())
}

/// The executable that one of cargo's messages speaks of, if it does.
fn executable(message: &Value, metadata: &Value) -> Option<Executable> {
    let file = message["executable"].as_str()?;
    let package = tools::entries(metadata, "packages").find(|package| package["id"] == message["package_id"])?;
    let folder = Path::new(tools::text(package, "manifest_path")).parent()?;
    Some(Executable {
        package: tools::text(package, "name").into(),
        file: file.into(),
        folder: folder.into(),
        is_test: message["profile"]["test"] == true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_in_messages() {
        let metadata = serde_json::json!({"packages": [
            {"name": "drivers", "id": "one", "manifest_path": "/src/crates/drivers/Cargo.toml"},
        ]});
        let message = |id: &str, test: bool| serde_json::json!({"package_id": id, "executable": "/t/it-1", "profile": {"test": test}});
        let expected = |is_test| Executable {
            package: "drivers".into(),
            file: "/t/it-1".into(),
            folder: "/src/crates/drivers".into(),
            is_test,
        };
        assert_eq!(executable(&message("one", true), &metadata), Some(expected(true)));
        assert_eq!(executable(&message("one", false), &metadata), Some(expected(false)));
        assert_eq!(executable(&message("other", true), &metadata), None);
        assert_eq!(executable(&serde_json::json!({"package_id": "one", "executable": null}), &metadata), None);
    }
}
