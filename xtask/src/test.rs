//! `cargo xtask test`: everything that must pass before a change is worth reading. `.ci/run` calls it.
//!
//! Every step runs, whatever came of those before. Exit code: 0, everything ran and passed; 1, something failed;
//! 2, what ran passed, but something could not run on this machine. The test runners' closing lines come last.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::artifacts::{self, Executable};
use crate::demo::{Stage, cluster, month};
use crate::{deb, licences, packages, rust_text, tidy, tools, vm_test};

/// What came of a step.
enum Outcome {
    Passed,
    Failed(String),
    /// Could not run, or not all of it: why.
    NotRun(String),
}

impl Outcome {
    fn of(good: bool, otherwise: &str) -> Self {
        if good { Self::Passed } else { Self::Failed(otherwise.into()) }
    }
}

/// What the whole run came to.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    /// What the test runners say last.
    closing: Vec<String>,
    failed: bool,
    incomplete: bool,
}

impl Report {
    fn step(&mut self, name: &str, work: impl FnOnce(&mut Vec<String>) -> Result<Outcome>) {
        println!("\n==== {name}");
        let start = Instant::now();
        let outcome = work(&mut self.closing).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let seconds = start.elapsed().as_secs_f64();
        let said = match outcome {
            Outcome::Passed => "ok".into(),
            Outcome::Failed(why) => {
                self.failed = true;
                format!("FAILED: {why}")
            }
            Outcome::NotRun(why) => {
                self.incomplete = true;
                format!("NOT RUN: {why}")
            }
        };
        println!("==== {name}: {said}");
        self.lines.push(format!("{name:10} {seconds:7.1} s  {said}"));
    }

    /// Says it all once more, and gives the exit code.
    fn close(self) -> ExitCode {
        println!("\n==== all steps");
        for line in self.lines.iter().chain(&self.closing) {
            println!("{line}");
        }
        match (self.failed, self.incomplete) {
            (true, _) => ExitCode::FAILURE,
            (false, true) => {
                println!("What ran passed, but not everything could run here (exit code 2).");
                ExitCode::from(2)
            }
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

/// Runs every step.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &[])?;
    let mut report = Report::default();
    report.step("packages", |_| {
        let missing = packages::provide()?;
        Ok(if missing.is_empty() { Outcome::Passed } else { Outcome::NotRun(missing.join("; ")) })
    });
    report.step("format", |_| {
        Ok(Outcome::of(tools::run(&mut tools::command("cargo", ["fmt", "--all", "--check"]))?, "run `cargo fmt`"))
    });
    report.step("lints", |_| {
        let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        Ok(Outcome::of(tools::run(&mut tools::command("cargo", arguments))?, "clippy has warnings"))
    });
    report.step("licences", |_| {
        Ok(Outcome::of(licences::main(&[])? == ExitCode::SUCCESS, "a licence is not on the list"))
    });
    report.step("tidy", |_| Ok(Outcome::of(tidy::main(&[])? == ExitCode::SUCCESS, "see above")));
    report.step("tests", tests);
    report.step("doc tests", doc_tests);
    // The very build that the tests have just run from.
    let built = artifacts::of_tests(&["--workspace"]).unwrap_or_default();
    report.step("package", |_| package(&built));
    report.step("a month", |_| a_month(&built));
    report.step("a cluster", |closing| a_cluster(&built, closing));
    report.step("cgroup v2", |closing| cgroup_v2(&built, closing));
    Ok(report.close())
}

/// The workspace's tests, by nextest where it is installed.
fn tests(closing: &mut Vec<String>) -> Result<Outcome> {
    let nextest =
        tools::command("cargo", ["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    let mut command = if nextest {
        tools::command("cargo", ["nextest", "run", "--workspace", "--color", tools::colour()])
    } else {
        // Not the doc tests, which are a step of their own.
        tools::command(
            "cargo",
            ["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--color", tools::colour()],
        )
    };
    let target = tools::target()?;
    for (variable, found, what) in [
        ("ALGORIC_DECKS", packages::decks(&target), "CalculiX's decks"),
        ("ALGORIC_FOAM", packages::foam_examples(&target), "OpenFOAM and its examples"),
        ("ALGORIC_LMOD", packages::lmod(&target), "Lmod"),
        ("ALGORIC_CLIENTS", packages::pypi(&target, &packages::CLIENTS), "programs from PyPI that drive Slurm"),
        ("ALGORIC_AXE", packages::axe(&target), "the check of accessibility, axe-core, from npm"),
        ("ALGORIC_CHECKERS", packages::pypi(&target, &packages::CHECKERS), "checkers of invoices from PyPI"),
    ] {
        if let Some(folder) = found {
            command.env(variable, folder);
        } else {
            println!("NOT RUN: {what} cannot be had here; tests that need it say so");
        }
    }
    let good = tools::watch(&mut command, |line| {
        let line = line.trim_start();
        if line.starts_with("Summary [") || line.starts_with("test result: ") {
            closing.push(line.to_owned());
        }
    })?;
    Ok(Outcome::of(good, "see the failed tests above"))
}

/// Examples in the documentation, which nextest does not run; not even started where there are none.
fn doc_tests(closing: &mut Vec<String>) -> Result<Outcome> {
    let has_examples = tidy::rust_files()?.iter().any(|(_, text)| rust_text::has_doc_example(text));
    if !has_examples {
        println!("there are none");
        return Ok(Outcome::Passed);
    }
    let good =
        tools::watch(&mut tools::command("cargo", ["test", "--workspace", "--doc", "--no-fail-fast"]), |line| {
            if line.starts_with("test result: ") && !line.contains(" 0 passed; 0 failed") {
                closing.push(line.to_owned());
            }
        })?;
    Ok(Outcome::of(good, "see above"))
}

/// The program, as the tests have built it.
fn program(built: &[Executable]) -> Result<PathBuf> {
    match built.iter().find(|program| !program.is_test && program.package == "algoric") {
        Some(program) => Ok(program.file.clone()),
        None => deb::build("dev"),
    }
}

/// A month with its jobs, its documents and their check.
fn a_month(built: &[Executable]) -> Result<Outcome> {
    if let Some(missing) = ["ccx", "faketime", "python3"].into_iter().find(|program| !tools::has(program)) {
        return Ok(Outcome::NotRun(format!("{missing} is missing")));
    }
    let folder = std::env::temp_dir().join(format!("algoric-month-{}", std::process::id()));
    let stage = Stage::new(&folder.to_string_lossy(), Some(&program(built)?.to_string_lossy()))?;
    let good = month::main(stage)? == ExitCode::SUCCESS;
    if good {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(Outcome::of(good, &format!("see above, and {}", folder.display())))
}

/// What a run of all tests plays: all but `forecast` and the measure `polling` (docs/cluster.md).
const CHAPTERS: &str = "history,grow,engine,orders,portal,machines,mpi,urgent,budget,nodes,crashes,totals,adopt,saving";

/// A real cluster of Slurm, and what a centre that has grown must stand.
fn a_cluster(built: &[Executable], closing: &mut Vec<String>) -> Result<Outcome> {
    if let Some(obstacle) = packages::obstacle_for_cluster() {
        return Ok(Outcome::NotRun(obstacle));
    }
    let folder = std::env::temp_dir().join(format!("algoric-cluster-evidence-{}", std::process::id()));
    let played = cluster::play(&folder, Some(&program(built)?.to_string_lossy()), false, Some(CHAPTERS))?;
    closing.push(format!("cluster: {played}"));
    if played.failed.is_empty() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(Outcome::of(played.failed.is_empty(), &format!("see above, and {}", folder.display())))
}

/// The Debian package, of the binary that the tests have built.
fn package(built: &[Executable]) -> Result<Outcome> {
    if !tools::has("dpkg-deb") {
        return Ok(Outcome::NotRun("no dpkg-deb: this is no Debian".into()));
    }
    let binary = program(built)?;
    let left_out = deb::check(&deb::pack(&binary)?)?;
    for line in &left_out {
        println!("not checked: {line}");
    }
    Ok(Outcome::Passed)
}

/// The tests of limits on cgroup v2, in the virtual machine.
fn cgroup_v2(built: &[Executable], closing: &mut Vec<String>) -> Result<Outcome> {
    if let Some(package) = packages::missing_for_vm() {
        return Ok(Outcome::NotRun(format!("package {package} is missing")));
    }
    let (good, tally) = vm_test::by_default(built)?;
    closing.push(format!("vm: {tally}"));
    Ok(Outcome::of(good, "see above"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_honest() {
        let check = |outcomes: Vec<Result<Outcome>>, expected: ExitCode| {
            let mut report = Report::default();
            for outcome in outcomes {
                report.step("trial", |_| outcome);
            }
            assert_eq!(report.close(), expected);
        };
        let missing = || Ok(Outcome::NotRun("no qemu".into()));
        check(vec![Ok(Outcome::Passed)], ExitCode::SUCCESS);
        check(vec![missing(), Ok(Outcome::Passed)], ExitCode::from(2));
        check(vec![Ok(Outcome::of(false, "red")), missing(), Ok(Outcome::Passed)], ExitCode::FAILURE);
        check(vec![Err(anyhow::anyhow!("cannot start")), Ok(Outcome::Passed)], ExitCode::FAILURE);
    }
}
