//! `cargo xtask vm-test`: test binaries in a small virtual machine with two processors and cgroup v2, under software
//! emulation. The guest's root is this machine's root, read-only under a layer of RAM (`xtask/vm/`), so a test finds
//! everything under the path it was built with. `ALGORIC_VM=1` tells it where it is, `ALGORIC` names the binary.
//! `--systemd`: the guest's manager is systemd, and the Debian package's units are installed and used for real.

use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::artifacts::{self, Executable};
use crate::{deb, packages, tools};

/// What runs in the guest when nothing else is asked for: crates, and the text that a test's name must contain, or must
/// not. Meters are the same there, and their peers are too slow.
const BY_DEFAULT: &[(&str, &str)] = &[("drivers", "--skip=meters::"), ("algoric", "cgroup")];

/// What the tests of a run came to.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    /// The names of those that failed, as far as they have one.
    names: Vec<String>,
    /// Those that failed first and passed then.
    second: Vec<String>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if !self.names.is_empty() {
            write!(f, ": {}", self.names.join(", "))?;
        }
        if !self.second.is_empty() {
            write!(f, "; at the second try: {}", self.second.join(", "))?;
        }
        Ok(())
    }
}

impl Tally {
    /// Adds what one line of `each.sh` says: `finished: passed=5 failed=0`, `not passed: NAME`, or `second try: NAME`.
    fn add(&mut self, line: &str) {
        self.names.extend(line.strip_prefix("not passed: ").map(str::to_owned));
        self.second.extend(line.strip_prefix("second try: ").map(str::to_owned));
        let counts = line.strip_prefix("finished: passed=").and_then(|rest| rest.split_once(" failed="));
        if let Some((Ok(passed), Ok(failed))) = counts.map(|(passed, failed)| (passed.parse(), failed.parse())) {
            let (passed, failed): (usize, usize) = (passed, failed);
            self.passed += passed;
            self.failed += failed;
        }
    }
}

/// Builds what is asked for and runs it in the guest.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &["systemd"], &["crate", "filter", "script"])?;
    if let Some(package) = packages::missing_for_vm() {
        bail!("a program is missing; as root: apt-get install --no-install-recommends {package}");
    }
    if arguments.iter().any(|argument| argument == "--systemd") {
        return units();
    }
    let filter = tools::option(arguments, "filter");
    let (good, said) = if let Some(script) = tools::option(arguments, "script") {
        let script = fs::canonicalize(script).with_context(|| format!("cannot find {script}"))?;
        let (good, _) = boot(&format!("export ALGORIC={}\nbash {}\n", quote(&deb::build("dev")?), quote(&script)))?;
        (good, if good { "1 passed, 0 failed" } else { "0 passed, 1 failed" }.to_owned())
    } else {
        let wanted = match tools::option(arguments, "crate") {
            Some(name) => vec![(name, filter.unwrap_or(""))],
            None => BY_DEFAULT.iter().map(|(name, own)| (*name, filter.unwrap_or(own))).collect(),
        };
        let selection: Vec<&str> = wanted.iter().flat_map(|(name, _)| ["-p", name]).collect();
        let (good, tally) = chosen(&artifacts::of_tests(&selection)?, &wanted)?;
        (good, tally.to_string())
    };
    println!("vm: {said}");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The package's units, for real: installed and started in a guest whose manager is systemd. Some minutes under software
/// emulation, so not part of `cargo xtask test`.
fn units() -> Result<ExitCode> {
    let package = deb::pack(&deb::build("dev")?)?;
    let script = format!("bash {} {}\n", quote(&vm("units.sh")), quote(&package));
    let (good, _) = boot_by(&script, &[("SYSTEMD", "1"), ("LIMIT", "1200")])?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// As part of `cargo xtask test`: what runs by default, out of a build of the whole workspace.
pub fn by_default(executables: &[Executable]) -> Result<(bool, Tally)> {
    chosen(executables, BY_DEFAULT)
}

/// Runs the tests of the crates that are wanted, each by the text in its name. Good only if there were any.
fn chosen(executables: &[Executable], wanted: &[(&str, &str)]) -> Result<(bool, Tally)> {
    let mut list = String::from("code=0\n");
    if let Some(program) = executables.iter().find(|program| !program.is_test && program.package == "algoric") {
        list += &format!("export ALGORIC={}\n", quote(&program.file));
    }
    for executable in executables.iter().filter(|executable| executable.is_test) {
        let Some((_, filter)) = wanted.iter().find(|(name, _)| *name == executable.package) else { continue };
        let (folder, file) = (quote(&executable.folder), quote(&executable.file));
        list += &format!("echo; echo 'in the guest, of {}:' {file}\n", executable.package);
        list += &format!("bash {} {folder} {file} {} || code=1\n", quote(&vm("each.sh")), quote(Path::new(filter)));
    }
    let (good, tally) = boot(&format!("{list}exit $code\n"))?;
    let none_ran = tally.passed + tally.failed == 0;
    if none_ran {
        println!("no test ran in the guest");
    }
    Ok((good && !none_ran, tally))
}

/// Runs a script in the guest.
fn boot(script: &str) -> Result<(bool, Tally)> {
    boot_by(script, &[])
}

/// Runs a script in the guest; `settings` are for `boot.sh`. What it and the kernel said stays under `target/vm` if it
/// failed.
fn boot_by(script: &str, settings: &[(&str, &str)]) -> Result<(bool, Tally)> {
    let image = image(&tools::target()?)?;
    let folder = image.join(format!("run-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join("run.sh");
    let root = quote(&tools::root());
    let surroundings =
        format!("cd {root}\nexport NO_COLOR=1 RUST_BACKTRACE=1 INSTA_UPDATE=no INSTA_WORKSPACE_ROOT={root}\n");
    fs::write(&file, surroundings + script).with_context(|| format!("cannot write {}", file.display()))?;
    let mut tally = Tally::default();
    let mut command = tools::command(&vm("boot.sh").to_string_lossy(), [&image, &file]);
    command.env("CONSOLE", folder.join("console.log")).envs(settings.iter().copied());
    let good = tools::watch(&mut command, |line| tally.add(line))?;
    if good {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok((good, tally))
}

/// The folder of the kernel and the first RAM disk, built when what builds them has changed.
fn image(target: &Path) -> Result<PathBuf> {
    let mut hash = std::hash::DefaultHasher::new();
    for script in ["image.sh", "init"] {
        hash.write(&fs::read(vm(script)).with_context(|| format!("cannot read {script}"))?);
    }
    let image = target.join(format!("vm/{:016x}", hash.finish()));
    let script = vm("image.sh");
    if !image.join("vmlinuz").is_file() && !tools::run(&mut tools::command(&script.to_string_lossy(), [&image]))? {
        bail!("the guest's image could not be built");
    }
    Ok(image)
}

fn vm(script: &str) -> PathBuf {
    tools::root().join("xtask/vm").join(script)
}

/// For the shell, as one word.
fn quote(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        for line in ["finished: passed=5 failed=0", "finished: passed=x failed=4", "ok"] {
            tally.add(line);
        }
        assert_eq!(tally.to_string(), "5 passed, 0 failed");
        for line in ["not passed: files::names", "not passed: trees::grow", "finished: passed=2 failed=2"] {
            tally.add(line);
        }
        assert_eq!(tally.to_string(), "7 passed, 2 failed: files::names, trees::grow");
        tally.add("second try: users::names");
        assert_eq!(tally.to_string(), "7 passed, 2 failed: files::names, trees::grow; at the second try: users::names");
    }

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quote(Path::new("/it's here")), "'/it'\\''s here'");
    }
}
