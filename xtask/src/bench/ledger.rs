//! `cargo xtask bench ledger`: how long a centre's month takes to close. The ledger measures itself
//! (`ledger/examples/close.rs`); then a centre with the same year in its data file (`store/examples/books.rs`) is started,
//! and a treasurer closes the year's last month, command by command.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{cpu, figures::median, idle};
use crate::demo::Stage;
use crate::{deb, tools};

/// As many as the ledger's example has.
const PROJECTS: usize = 100;
const CUSTOMERS: usize = 50;

/// A centre that sells. What its jobs cost is in the ledger already, so that the machine does not matter.
const CONFIG: &str = "[money]\ntariffs = 'tariffs.toml'\nmachine = 'sandy-bridge'\nstatus = 'vat'\n\
    [seller]\nname = 'Fablab du Loch'\nsiren = '123456782'\nsiret = '12345678200010'\nvat_number = 'FR32123456782'\n\
    iban = 'FR76 3000 6000 0112 3456 7890 189'\nemail = 'tresorier@fablab.example'\n\
    address = { lines = ['1, rue du Port'], postcode = '56400', town = 'Auray', country = 'FR' }\n";

/// What a treasurer does when a month is over: what it is called here, and the command.
const CLOSING: [(&str, &[&str]); 4] = [
    ("invoice prepare 2025-12", &["invoice", "prepare", "2025-12"]),
    ("invoice review", &["invoice", "review"]),
    ("invoice review --accept", &["invoice", "review", "--accept"]),
    ("invoice issue", &["invoice", "issue"]),
];

/// Seconds that all of [`CLOSING`] may take together.
const GOAL: f64 = 2.0;

/// `bench ledger [--rounds N] [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &["rounds", "binary"])?;
    let rounds = tools::option(arguments, "rounds").unwrap_or("3");
    let rounds: usize = rounds.parse().with_context(|| format!("--rounds takes a number, not '{rounds}'"))?;
    let binary = match tools::option(arguments, "binary") {
        Some(file) => file.into(),
        None => deb::build("release")?,
    };
    ensure!(tools::run(&mut example("ledger", "close"))?, "the ledger did not measure itself");
    let folder = tools::target()?.join("bench").join(std::process::id().to_string());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let measured: Result<Vec<Round>> =
        Year::new(&folder, &binary).and_then(|year| (0..rounds.max(1)).map(|_| year.round()).collect());
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    show(&measured?);
    Ok(ExitCode::SUCCESS)
}

/// One of the workspace's own measurements.
fn example(package: &str, name: &str) -> Command {
    tools::command("cargo", ["run", "--release", "--quiet", "--package", package, "--example", name, "--"])
}

/// Seconds by the clock, and of the centre's processor time.
struct Took {
    what: &'static str,
    seconds: f64,
    processor: Option<f64>,
}

/// One start and one closing.
struct Round {
    took: Vec<Took>,
    /// Mebibytes: after the start, and the most until the end.
    resident: [Option<f64>; 2],
}

/// A centre that has worked for a year and is stopped.
struct Year {
    stage: Stage,
    /// Its data file.
    file: PathBuf,
    /// A copy of it from before the last month was closed.
    kept: PathBuf,
}

impl Year {
    fn new(folder: &Path, binary: &Path) -> Result<Self> {
        let text = |path: &Path| path.to_str().map(String::from).context("a path that is no text");
        let stage = Stage::new(&text(&folder.join("year"))?, Some(&text(binary)?))?;
        fs::write(stage.data().join("config.toml"), CONFIG)?;
        fs::copy(tools::root().join("crates/ledger/data/tariffs.toml"), stage.data().join("tariffs.toml"))?;
        stage.commands()?;
        found(&stage)?;
        let (lines, file, kept) = (folder.join("lines"), data_file(&stage)?, folder.join("kept.db"));
        ensure!(tools::run(example("ledger", "close").arg("--write").arg(&lines))?, "the year was not written down");
        let filled = tools::run(example("store", "books").arg(&file).stdin(File::open(&lines)?))?;
        ensure!(filled, "the year did not go into {}", file.display());
        println!("a data file of {} MiB", fs::metadata(&file)?.len() >> 20);
        fs::remove_file(lines)?;
        fs::copy(&file, &kept)?;
        Ok(Self { stage, file, kept })
    }

    /// Starts the centre, closes the last month, checks the ledger, stops the centre.
    fn round(&self) -> Result<Round> {
        fs::copy(&self.kept, &self.file)?;
        let begun = Instant::now();
        let centre = self.stage.start(&[])?;
        let seconds = begun.elapsed().as_secs_f64();
        let pid = self.json(&["status", "--json"])?["pid"].to_string().parse().context("status names no process")?;
        let mut took = vec![Took { what: "start", seconds, processor: cpu::of_threads(&[pid]) }];
        let after_start = idle::memory(&[pid], "VmRSS:");
        for (what, arguments) in CLOSING {
            took.push(self.timed(what, arguments, pid)?);
        }
        let after_closing = self.json(&["invoice", "list", "--json"])?;
        let issued = after_closing.as_array().map_or(0, Vec::len);
        ensure!(issued == 12 * CUSTOMERS, "{issued} invoices were issued, not 12 to each of {CUSTOMERS} customers");
        took.push(self.timed("ledger verify", &["ledger", "verify"], pid)?);
        let resident = [after_start, idle::memory(&[pid], "VmHWM:")];
        self.stage.algoric(["stop"])?;
        centre.wait()?;
        Ok(Round { took, resident })
    }

    fn json(&self, arguments: &[&str]) -> Result<serde_json::Value> {
        serde_json::from_str(&self.stage.algoric(arguments)?).with_context(|| arguments.join(" "))
    }

    fn timed(&self, what: &'static str, arguments: &[&str], pid: u32) -> Result<Took> {
        let (begun, before) = (Instant::now(), cpu::of_threads(&[pid]));
        self.stage.algoric(arguments).with_context(|| what.to_owned())?;
        let seconds = begun.elapsed().as_secs_f64();
        let processor = cpu::of_threads(&[pid]).zip(before).map(|(after, before)| after - before);
        Ok(Took { what, seconds, processor })
    }
}

/// Projects and who pays for them, named as the ledger's example names them.
fn found(stage: &Stage) -> Result<()> {
    let centre = stage.start(&[])?;
    for number in 0..CUSTOMERS {
        let (code, name) = (format!("C{number}"), format!("Customer {number}"));
        let who = ["customer", "add", &code, "--name", &name, "--category", "company", "--siren", "987654324"];
        let place = ["--street", "1, rue du Port", "--postcode", "56400", "--town", "Auray"];
        stage.algoric([&who[..], &place].concat())?;
    }
    for number in 0..PROJECTS {
        let (project, customer) = (format!("p{number}"), format!("C{}", number % CUSTOMERS));
        stage.algoric(["project", "add", &project])?;
        stage.algoric(["project", "customer", &project, &customer])?;
    }
    stage.algoric(["stop"])?;
    centre.wait()
}

fn data_file(stage: &Stage) -> Result<PathBuf> {
    let mut files = fs::read_dir(stage.data().join("db"))?.filter_map(Result::ok).map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|end| end == "db")).context("the centre left no data file")
}

/// Medians of all rounds.
fn show(rounds: &[Round]) {
    let Some(first) = rounds.first() else { return };
    let over = |value: &dyn Fn(&Round) -> Option<f64>| {
        let values: Option<Vec<f64>> = rounds.iter().map(value).collect();
        values.map_or_else(|| "unknown".to_owned(), |values| format!("{:.3}", median(&values)))
    };
    for (at, Took { what, .. }) in first.took.iter().enumerate() {
        let seconds = over(&|round| Some(round.took[at].seconds));
        let processor = over(&|round| round.took[at].processor);
        println!("{what}: {seconds} s, processor time of the centre {processor} s");
    }
    let is_closing = |took: &&Took| CLOSING.iter().any(|(what, _)| *what == took.what);
    let closing = over(&|round| Some(round.took.iter().filter(is_closing).map(|took| took.seconds).sum()));
    println!("the month closed, all of these commands: {closing} s (goal: {GOAL} s)");
    for (at, when) in ["after the start", "at most"].iter().enumerate() {
        println!("resident memory of the centre, {when}: {} MiB", over(&|round| round.resident[at]));
    }
}
