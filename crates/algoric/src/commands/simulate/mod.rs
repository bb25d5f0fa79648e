//! `algoric simulate`: what would have been, under other rules or on another machine.

mod economy;
mod input;
mod pictures;
mod policy;
mod report;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;
use clap::ValueEnum;
use simulator::{
    clock::{Order, Played},
    lublin,
    park::Park,
    workload::{Estimates, Trace, Workload},
};

use super::House;
use crate::{console, exit, report::Fault, words::Words};
use economy::Economy;
use pictures::Pictures;
use policy::{Policy, Rules};
use report::{Report, Took};

/// Replays workload traces (SWF, plain or .gz) by a virtual clock, with the scheduler of the centre
#[derive(clap::Args)]
pub struct Args {
    /// The traces; - is standard input
    #[arg(value_name = "TRACE", required_unless_present = "generate")]
    traces: Vec<PathBuf>,

    /// Cores of the machine [default: as the trace's header says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    procs: Option<u32>,

    /// Who starts when: fcfs, easy, easy-sjbf, conservative, or centre (what a real centre runs)
    #[arg(long, value_name = "POLICY", default_value = "easy")]
    policy: Policy,

    /// Several policies side by side, or several parks (files that end in .toml)
    #[arg(long, value_name = "POLICY,...", value_delimiter = ',')]
    compare: Vec<Candidate>,

    #[command(flatten)]
    economy: Economy,

    /// For centre: its configuration file [default: as a new centre has it]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// What happens first within a second: all ends, then all arrivals (batch), or as the simulator pyss has it
    #[arg(long, value_enum, default_value_t = WhichOrder::Batch)]
    order: WhichOrder,

    /// What jobs say they will take: what was requested, or their run times [default: request; run where a trace has no
    /// requests]
    #[arg(long, value_enum)]
    estimates: Option<WhichEstimates>,

    /// Count the jobs that waited otherwise than the trace says
    #[arg(long)]
    check: bool,

    /// Write when each job started: a line with its number and the second, in the order of the trace
    #[arg(long, value_name = "FILE")]
    starts: Option<PathBuf>,

    /// Print JSON, for programs: one object a line for each trace (and policy)
    #[arg(long)]
    json: bool,

    /// Leave out lines that are not in the format, and say how many
    #[arg(long)]
    lenient: bool,

    /// Write pictures there: how many waited, how many cores were used, how long jobs waited, and on machines what they
    /// drew at which time of the day
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,

    /// Make a workload by a model instead of reading one
    #[arg(long, value_enum, value_name = "MODEL")]
    generate: Option<Model>,

    /// For --generate: so many jobs
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "generate")]
    jobs: u32,

    /// For --generate: the same seed makes the same workload
    #[arg(long, value_name = "N", default_value_t = 1, requires = "generate")]
    seed: u64,

    /// For --generate: the work that comes, as a part of what the machine can do [default: as the model has it]
    #[arg(long, value_name = "PART", requires = "generate")]
    load: Option<f64>,

    /// Write the workload as a trace (.gz: compressed; -: standard output) instead of playing it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["compare", "starts", "plot", "check"])]
    write: Option<PathBuf>,
}

/// What is set beside others.
#[derive(Clone, Debug)]
enum Candidate {
    /// A policy.
    Policy(Policy),
    /// A park.
    Park(PathBuf),
}

impl std::str::FromStr for Candidate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.ends_with(".toml") {
            return Ok(Candidate::Park(text.into()));
        }
        text.parse()
            .map(Candidate::Policy)
            .map_err(|known: String| format!("{known}, or a park (a file that ends in .toml)"))
    }
}

/// [`Order`], as people write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum WhichOrder {
    /// All ends, then all arrivals, then one pass
    Batch,
    /// Arrivals one by one, then ends one by one, a pass after each
    Pyss,
}

/// [`Estimates`], as people write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum WhichEstimates {
    /// What was requested
    Request,
    /// How long it ran
    Run,
}

/// Models of workloads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Model {
    /// Lublin and Feitelson 2003
    Lublin,
}

/// A machine for workloads that are made, where none is named.
const USUAL_PROCS: u32 = 256;

/// Reads, plays, reports.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let mut reports = Vec::new();
    for (name, path) in sources(args) {
        let begun = Instant::now();
        let trace = match &path {
            Some(path) => input::read(path, args.lenient)?,
            None => lublin::generate(wish(args)?),
        };
        let read_s = begun.elapsed().as_secs_f64();
        if let Some(file) = &args.write {
            input::write(file, &trace)?;
            continue;
        }
        reports.extend(play(args, &name, &trace, read_s, &house.words)?);
        if args.json {
            for report in reports.drain(..) {
                console::line(serde_json::to_string(&report)?);
            }
        }
    }
    if !reports.is_empty() {
        let parks = args.compare.iter().any(|candidate| matches!(candidate, Candidate::Park(_)));
        console::print(report::table(&reports, parks, &house.words));
        let costs: Vec<_> = reports.iter().filter_map(Report::cost_row).collect();
        if !costs.is_empty() {
            console::print(format!("\n{}", report::table(&costs, parks, &house.words)));
        }
    }
    Ok(exit::OK)
}

/// What to play: names, and files where it comes from files.
fn sources(args: &Args) -> Vec<(String, Option<PathBuf>)> {
    let name = |path: &PathBuf| {
        let name = path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy());
        let name = if name == "-" { "stdin".into() } else { name };
        let name = name.trim_end_matches(".gz").trim_end_matches(".swf");
        (name.to_owned(), Some(path.clone()))
    };
    let mut all: Vec<(String, Option<PathBuf>)> = args.traces.iter().map(name).collect();
    if args.generate.is_some() {
        all.push((format!("lublin-{}", args.seed), None));
    }
    all
}

fn wish(args: &Args) -> anyhow::Result<lublin::Wish> {
    if let Some(load) = args.load.filter(|load| !(load.is_finite() && *load > 0.0)) {
        return Err(Fault::new("simulate-load", [("load", load.to_string())]).code(exit::USAGE).into());
    }
    let procs = args.procs.unwrap_or(USUAL_PROCS);
    Ok(lublin::Wish { jobs: args.jobs, procs, seed: args.seed, load: args.load })
}

/// Where requests are not: run times; said once.
fn estimates(args: &Args, name: &str, trace: &Trace, words: &Words) -> Estimates {
    match args.estimates {
        Some(WhichEstimates::Request) => Estimates::Request,
        Some(WhichEstimates::Run) => Estimates::Run,
        None if trace.has_no_estimates() => {
            if args.generate.is_none() {
                console::complain(words.with("simulate-by-run", &[("trace", name.into())]) + "\n");
            }
            Estimates::Run
        }
        None => Estimates::Request,
    }
}

/// Says on standard error what of a trace cannot be played.
fn tell_dropped(name: &str, trace: &Trace, workload: &Workload, words: &Words) -> anyhow::Result<()> {
    let mut told = String::new();
    for (why, count) in report::reasons(&workload.dropped) {
        let gaps = [("trace", name.into()), ("count", count.into())];
        writeln!(told, "{}", words.with(&format!("simulate-dropped-{}", why.replace('_', "-")), &gaps))?;
    }
    if trace.malformed > 0 {
        let gaps = [("trace", name.into()), ("count", trace.malformed.into())];
        writeln!(told, "{}", words.with("simulate-malformed-lines", &gaps))?;
    }
    console::complain(told);
    Ok(())
}

/// One way to play: what it is called, its policy, its park.
struct Way {
    /// That of its park where parks are set side by side, else that of its policy.
    name: String,
    policy: Policy,
    park: Option<Park>,
}

impl Way {
    /// What people are told in tables, and in pictures, which have less room.
    fn shown(&self, economy: &Economy) -> [String; 2] {
        if self.name == self.policy.to_string() {
            let shown = economy.shown(None, Some(self.policy));
            return [shown.clone(), shown];
        }
        [Some(self.policy), None].map(|policy| economy.shown(Some(&self.name), policy))
    }
}

fn ways(args: &Args) -> anyhow::Result<Vec<Way>> {
    let way = |policy: Policy| -> anyhow::Result<Way> {
        Ok(Way { name: policy.to_string(), policy, park: args.economy.park()? })
    };
    if args.compare.is_empty() {
        return Ok(vec![way(args.policy)?]);
    }
    let of = |candidate: &Candidate| match candidate {
        Candidate::Policy(policy) => way(*policy),
        Candidate::Park(path) => {
            let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            Ok(Way { name, policy: args.policy, park: Some(economy::read_park(path)?) })
        }
    };
    args.compare.iter().map(of).collect()
}

/// Plays a trace in every way asked for.
fn play(args: &Args, name: &str, trace: &Trace, read_s: f64, words: &Words) -> anyhow::Result<Vec<Report>> {
    let order = if args.order == WhichOrder::Pyss { Order::Pyss } else { Order::Batch };
    let rules = Rules { order, config: args.config.as_deref() };
    let estimates = estimates(args, name, trace, words);
    let ways = ways(args)?;
    let mut reports = Vec::new();
    let mut pictures = Pictures::default();
    for (number, way) in ways.iter().enumerate() {
        let [in_tables, in_pictures] = way.shown(&args.economy);
        let unknown = || Fault::new("simulate-no-procs", [("trace", name.to_owned())]).code(exit::USAGE);
        let procs = way.park.as_ref().map(Park::cores).or(args.procs).or_else(|| trace.procs()).ok_or_else(unknown)?;
        let workload = match &way.park {
            Some(park) => park.workload(trace, estimates),
            None => trace.workload(procs, estimates),
        };
        if number == 0 || way.park.is_some() {
            tell_dropped(name, trace, &workload, words)?;
        }
        let begun = Instant::now();
        let (played, costs, wall_s) = if way.park.is_some() || args.economy.is_asked_for() {
            let park = way.park.clone().unwrap_or_else(|| Park::of_processors(procs));
            let outlay =
                args.economy.play((&in_pictures, way.policy), rules, trace, &workload, &park, args.plot.is_some())?;
            if args.economy.replaces(way.policy) {
                let gaps = [("trace", name.into()), ("policy", way.policy.to_string().into())];
                console::complain(words.with("simulate-own-order", &gaps) + "\n");
            }
            if let Some(file) = &args.economy.states {
                write_text(&several(file, args, name, &way.name), outlay.states)?;
            }
            pictures.watts.extend(outlay.watts);
            pictures.prices = outlay.prices;
            (outlay.played, Some(outlay.costs), outlay.wall_s)
        } else {
            let played = way.policy.play(trace, &workload, rules).with_context(|| name.to_owned())?;
            (played, None, begun.elapsed().as_secs_f64())
        };
        let took = Took { read_s, wall_s };
        let mut report = Report::new((name, &way.name), trace, &workload, &played, took);
        (report.shown, report.costs) = (in_tables, costs);
        if args.check {
            report = report.checked(trace, &workload, &played);
        }
        reports.push(report);
        if let Some(file) = &args.starts {
            write_text(&several(file, args, name, &way.name), starts(trace, &workload, &played)?)?;
        }
        if args.plot.is_some() {
            pictures.add(&in_pictures, &workload, &played);
        }
    }
    if let Some(folder) = &args.plot {
        pictures.write(folder, name, words)?;
    }
    Ok(reports)
}

/// A file for each trace and each policy where there are several.
fn several(file: &Path, args: &Args, trace: &str, policy: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    let traces = args.traces.len() + usize::from(args.generate.is_some());
    for (part, count) in [(trace, traces), (policy, args.compare.len())] {
        if count > 1 && name != "-" {
            name.push(".");
            name.push(part);
        }
    }
    name.into()
}

/// Number and start of each job, in the order of the trace.
fn starts(trace: &Trace, workload: &Workload, played: &Played) -> anyhow::Result<String> {
    let mut starts = vec![None; trace.lines.len()];
    for (job, start) in workload.jobs.iter().zip(&played.starts) {
        starts[job.line as usize] = Some(*start);
    }
    let mut text = String::with_capacity(starts.len() * 20);
    for (line, start) in trace.lines.iter().zip(starts) {
        if let Some(start) = start {
            writeln!(text, "{} {start}", line.id)?;
        }
    }
    Ok(text)
}

/// Writes a file; `-` is standard output.
fn write_text(file: &Path, text: String) -> anyhow::Result<()> {
    if file == Path::new("-") {
        console::print(text);
        return Ok(());
    }
    fs::write(file, text).with_context(|| format!("{}", file.display()))
}
