//! What several commands need: where the tree lies, running programs, cargo's own account of the workspace.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The root of the source tree.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// `program` with `arguments`, to run in the root of the tree.
pub fn command<A: AsRef<std::ffi::OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    // The cargo that runs us, not another that comes first in PATH.
    let program =
        if program == "cargo" { std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()) } else { program.into() };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs it with our own output; whether it succeeded. Fails only if it cannot be started.
pub fn run(command: &mut Command) -> Result<bool> {
    announce(command);
    Ok(command.status().with_context(|| format!("cannot start {}", name_of(command)))?.success())
}

/// Its standard output; fails if it fails (its standard error goes to ours).
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {}", name_of(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", name_of(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed something other than text", name_of(command)))
}

/// Runs it, passing on what it prints line by line and handing each line, without colours, to `see`.
/// Whether it succeeded.
pub fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let second = writer.try_clone().context("cannot make a pipe")?;
    let mut child =
        command.stdout(writer).stderr(second).spawn().with_context(|| format!("cannot start {}", name_of(command)))?;
    // Else our own copies of the writing end would keep the pipe open for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).context("cannot read what it printed")? > 0 {
        std::io::stdout().write_all(&line).context("cannot print")?;
        see(plain(&String::from_utf8_lossy(&line)).trim_end());
        line.clear();
    }
    Ok(child.wait().context("cannot wait for it")?.success())
}

/// `always` or `never`, for programs whose output we pass on and which therefore see no terminal.
pub fn colour() -> &'static str {
    if std::io::stdout().is_terminal() { "always" } else { "never" }
}

/// `line` without terminal colours (ECMA-48 "select graphic rendition" sequences).
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    text + rest
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn announce(command: &Command) {
    let mut words = vec![name_of(command)];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    println!("\n$ {}", words.join(" "));
}

/// Whether a program of this name is in PATH.
pub fn has(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Whether we are root.
pub fn is_root() -> bool {
    // The owner of our own entry in /proc is our effective user.
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// `cargo metadata` with more `arguments`.
pub fn metadata(arguments: &[&str]) -> Result<Value> {
    let text = output(command("cargo", ["metadata", "--format-version", "1"]).args(arguments))?;
    serde_json::from_str(&text).context("cannot read what cargo metadata printed")
}

/// The entries of an array inside `value`; none where there is no such array.
pub fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// A text inside `value`; empty where there is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Where cargo puts what it builds.
pub fn target() -> Result<PathBuf> {
    Ok(PathBuf::from(text(&metadata(&["--no-deps"])?, "target_directory")))
}

/// The value of `--NAME VALUE` or `--NAME=VALUE` among `arguments`.
pub fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let after = argument.strip_prefix("--").and_then(|argument| argument.strip_prefix(name));
        match after {
            Some("") => return rest.next().map(String::as_str),
            Some(value) if value.starts_with('=') => return Some(&value[1..]),
            _ => {}
        }
    }
    None
}

/// Fails unless every argument is one of the `flags`, or one of the `options` with its value.
pub fn only(arguments: &[String], flags: &[&str], options: &[&str]) -> Result<()> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = argument.split_once('=').map_or((argument.as_str(), false), |(name, _)| (name, true));
        let name = name.strip_prefix("--").unwrap_or("");
        if options.contains(&name) {
            if !value && rest.next().is_none() {
                bail!("--{name} needs a value");
            }
        } else if value || !flags.contains(&name) {
            bail!("'{argument}' is not understood here");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn options_come_in_two_forms() {
        assert_eq!(option(&words("--check --profile dev"), "profile"), Some("dev"));
        assert_eq!(option(&words("--profile=dev --check"), "profile"), Some("dev"));
        assert_eq!(option(&words("--profiles dev"), "profile"), None);
        assert_eq!(option(&words("--profile"), "profile"), None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(only(&words("--check --profile dev"), &["check"], &["profile"]).is_ok());
        for line in ["--chekc", "--check=yes", "check", "--profile", "-check"] {
            assert!(only(&words(line), &["check"], &["profile"]).is_err(), "{line}");
        }
    }

    #[test]
    fn colours_are_taken_off() {
        assert_eq!(plain("\u{1b}[32;1m     Summary\u{1b}[0m [ 1s]"), "     Summary [ 1s]");
    }

    #[test]
    fn lines_are_seen_from_both_outputs() {
        let mut seen = Vec::new();
        let good =
            watch(&mut command("sh", ["-c", "echo one; echo two >&2; exit 3"]), |line| seen.push(line.to_owned()));
        assert!(matches!(good, Ok(false)));
        assert_eq!(seen, ["one", "two"]);
    }
}
