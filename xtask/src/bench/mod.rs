//! `cargo xtask bench engine` and `cargo xtask bench commands`: how fast the engine and the commands are, beside bare scripts and, where they are installed, Slurm and
//! HyperQueue. All of them in one run, one after the other in every round, so that a ratio means something on any
//! machine.
//!
//! It prints a table and leaves nothing else behind. It is never a test: a slow machine is not a fault.

mod cluster;
mod commands;
mod cpu;
mod figures;
mod hyperqueue;
mod idle;
mod ingest;
mod ledger;
mod machine;
mod party;
mod portal;
mod queue;
mod rates;
mod simulate;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::{deb, tools};
pub use ingest::as_slurm;

use figures::{Figure, Goal, Results};
use party::{Party, Who};

/// What to measure, and of whom.
struct Measurement {
    /// `--only` names it.
    name: &'static str,
    /// What comes out of a round, in the order in which [`Self::round`] gives it.
    figures: &'static [Figure],
    parties: &'static [Who],
    /// Before the first round.
    prepare: fn(&Party, &Plan) -> Result<()>,
    /// One round of one party: a value for each figure, `None` where it has no such thing.
    round: fn(&Party, &Plan) -> Result<Vec<Option<f64>>>,
    /// How often: one round is enough for what does not vary.
    once: bool,
}

const EVERYBODY: &[Who] = &[Who::Bare, Who::Algoric, Who::Slurm, Who::HyperQueue];
const CLUSTERS: &[Who] = &[Who::Algoric, Who::Slurm];

const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "array",
        figures: &[
            Figure::rate("array: jobs/s, first submit to all accounted", Goal::OfBare(0.6)),
            Figure::milliseconds("array: processor time of one job, all included", Goal::None),
        ],
        parties: EVERYBODY,
        prepare: |_, _| Ok(()),
        round: rates::array,
        once: false,
    },
    Measurement {
        name: "singles",
        figures: &[
            Figure::rate("singles: jobs/s, first submit to all accounted", Goal::OfBare(0.35)),
            Figure::rate("singles: sbatch/s, eight at a time, jobs running", Goal::AtLeast(400.0)),
        ],
        parties: &[Who::Bare, Who::Algoric, Who::Slurm],
        prepare: |_, _| Ok(()),
        round: rates::singles,
        once: false,
    },
    Measurement {
        name: "latency",
        figures: &[
            Figure::milliseconds("submit to start: p50", Goal::AtMost(10.0)),
            Figure::milliseconds("submit to start: p99", Goal::AtMost(30.0)),
        ],
        parties: EVERYBODY,
        prepare: |_, _| Ok(()),
        round: rates::latency,
        once: false,
    },
    Measurement {
        name: "queue",
        figures: &[
            Figure::milliseconds("long queue: squeue, all of it", Goal::AtMost(250.0)),
            Figure::milliseconds("long queue: squeue -j ID", Goal::AtMost(15.0)),
            Figure::milliseconds("long queue: squeue --me, one job", Goal::AtMost(15.0)),
            Figure::milliseconds("long queue: sacct -j ID", Goal::AtMost(15.0)),
            Figure::milliseconds("long queue: sbatch", Goal::None),
            Figure::mebibytes("long queue: resident, the centre", Goal::AtMost(60.0)),
            Figure::mebibytes("long queue: of it its own (PSS)", Goal::None),
        ],
        parties: CLUSTERS,
        prepare: queue::fill,
        round: queue::ask,
        once: false,
    },
    Measurement {
        name: "pass",
        figures: &[Figure::milliseconds("long queue: a scheduling pass", Goal::AtMost(5.0))],
        parties: &[Who::Algoric],
        prepare: |_, _| Ok(()),
        round: queue::pass,
        once: true,
    },
    Measurement {
        name: "idle",
        figures: &[
            Figure::mebibytes("idle: resident, all processes", Goal::AtMost(30.0)),
            Figure::mebibytes("idle: of it their own (PSS)", Goal::None),
            Figure::percent("idle: of one core", Goal::AtMost(0.1)),
        ],
        parties: CLUSTERS,
        prepare: |_, _| Ok(()),
        round: idle::idle,
        once: true,
    },
];

/// Which bench.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Engine,
    Commands,
}

impl What {
    fn measurements(self) -> &'static [Measurement] {
        match self {
            Self::Engine => MEASUREMENTS,
            Self::Commands => commands::MEASUREMENTS,
        }
    }
}

/// What this run is to do, and where.
pub struct Plan {
    /// Jobs in one round of a rate.
    pub jobs: usize,
    /// Jobs in the long queue.
    pub pending: usize,
    /// Of both, how many a peer gets that is so much slower that it would take hours.
    pub peer_share: usize,
    pub rounds: usize,
    /// Jobs whose start is awaited one by one, in a round.
    pub starts: usize,
    /// Everything lies here, and goes with it.
    pub folder: PathBuf,
    /// A copy of the release binary, so that a build meanwhile changes nothing.
    pub binary: PathBuf,
}

impl Plan {
    fn new(arguments: &[String], what: What) -> Result<Self> {
        let quick = flag(arguments, "quick");
        let number = |name, usual| match tools::option(arguments, name) {
            Some(text) => text.parse().with_context(|| format!("--{name} takes a number, not '{text}'")),
            None => Ok(usual),
        };
        let folder = tools::target()?.join("bench").join(std::process::id().to_string());
        let programs = folder.join("program");
        fs::create_dir_all(&programs).with_context(|| format!("cannot make {}", programs.display()))?;
        Ok(Self {
            jobs: number("jobs", if quick { 2_000 } else { 10_000 })?,
            pending: number("pending", if quick || what == What::Commands { 10_000 } else { 100_000 })?,
            peer_share: 10,
            rounds: number("rounds", if quick { 1 } else { 3 })?.max(1),
            starts: if quick { 50 } else { 200 },
            binary: programs.join("algoric"),
            folder,
        })
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

fn flag(arguments: &[String], name: &str) -> bool {
    arguments.iter().any(|argument| argument.strip_prefix("--") == Some(name))
}

/// `bench engine|commands [--only NAME[,NAME]] [--rounds N] [--jobs N] [--pending N] [--quick] [--no-peers]
/// [--install-peers]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let (what, arguments) = match arguments.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        Some(("engine", rest)) => (What::Engine, rest),
        Some(("commands", rest)) => (What::Commands, rest),
        Some(("simulate", rest)) => return simulate::main(rest),
        Some(("ledger", rest)) => return ledger::main(rest),
        Some(("ingest", rest)) => return ingest::main(rest),
        Some(("portal", rest)) => return portal::main(rest),
        _ => bail!(
            "which bench? There are six: `cargo xtask bench engine`, `commands`, `simulate`, `ledger`, `portal` and \
             `ingest`"
        ),
    };
    tools::only(arguments, &["quick", "no-peers", "install-peers"], &["only", "rounds", "jobs", "pending", "binary"])?;
    let chosen = choose(what, tools::option(arguments, "only"))?;
    if flag(arguments, "install-peers") {
        install_peers()?;
    }
    let binary = match tools::option(arguments, "binary") {
        Some(file) => PathBuf::from(file),
        None => deb::build("release")?,
    };
    let plan = Plan::new(arguments, what)?;
    fs::copy(&binary, &plan.binary).with_context(|| format!("cannot copy {}", binary.display()))?;
    println!("{}", machine::describe(&plan)?);
    let mut results = Results::default();
    for measurement in chosen {
        let who = measurement.parties.iter().copied();
        let who = who.filter(|who| !(flag(arguments, "no-peers") && who.is_peer())).collect::<Vec<_>>();
        measurement.run(&who, &plan, &mut results)?;
    }
    println!("{}", table::show(&results));
    Ok(ExitCode::SUCCESS)
}

/// The measurements of these names; all without names.
fn choose(what: What, names: Option<&str>) -> Result<Vec<&'static Measurement>> {
    let all = what.measurements();
    let Some(names) = names else { return Ok(all.iter().collect()) };
    let known = || all.iter().map(|measurement| measurement.name).collect::<Vec<_>>().join(", ");
    let find = |name: &str| all.iter().find(|measurement| measurement.name == name);
    names.split(',').map(|name| find(name).with_context(|| format!("no '{name}' among {}", known()))).collect()
}

impl Measurement {
    /// All rounds of all parties, A B A B….
    fn run(&self, who: &[Who], plan: &Plan, results: &mut Results) -> Result<()> {
        let mut parties = Vec::new();
        for &who in who {
            match Party::start(who, self.name, plan).with_context(|| format!("starting {}", who.name()))? {
                Some(party) => parties.push(party),
                None => results.absent(who),
            }
        }
        for party in &parties {
            eprintln!("{}: {}: getting ready", self.name, party.who().name());
            (self.prepare)(party, plan).with_context(|| format!("{} with {}", self.name, party.who().name()))?;
        }
        for round in 1..=if self.once { 1 } else { plan.rounds } {
            for party in &parties {
                let name = party.who().name();
                let values = (self.round)(party, plan).with_context(|| format!("{} with {name}", self.name))?;
                ensure!(values.len() == self.figures.len(), "{} gives another number of figures", self.name);
                for (figure, value) in self.figures.iter().zip(&values) {
                    let Some(value) = *value else { continue };
                    eprintln!("round {round}: {name}: {}: {value:.2}", figure.what);
                    results.add(figure, party.who(), value);
                }
            }
        }
        Ok(())
    }
}

fn install_peers() -> Result<()> {
    if tools::is_root() && tools::has("apt-get") {
        let script = cluster::slurm_script();
        ensure!(tools::run(Command::new("bash").arg(script).arg("install"))?, "Slurm could not be installed");
    } else {
        eprintln!("Slurm is a Debian package and needs root: not installed");
    }
    hyperqueue::install()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_chosen_by_name() {
        let names =
            |names| choose(What::Engine, names).map(|chosen| chosen.iter().map(|one| one.name).collect::<Vec<_>>());
        assert_eq!(names(None).map(|all| all.len()).ok(), Some(MEASUREMENTS.len()));
        assert_eq!(names(Some("idle,array")).ok(), Some(vec!["idle", "array"]));
        assert!(names(Some("speed")).is_err());
    }

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        for what in [What::Engine, What::Commands] {
            let all = what.measurements();
            let mut names: Vec<_> = all.iter().flat_map(|one| one.figures).map(|figure| figure.what).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all.iter().map(|one| one.figures.len()).sum::<usize>());
        }
    }
}
