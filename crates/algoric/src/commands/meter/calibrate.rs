//! `algoric meter calibrate`: what this machine draws with nothing to do, and more for each CPU that computes.
//!
//! Nothing is changed before the end, and then all at once by the centre: whoever ends it meanwhile ends its load with it.

use std::{
    io::{BufRead, IsTerminal as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use api::{CalibrationRow, EnergyRequest, Reply, Request};
use drivers::meters::{About, Meter, MeterConfig, Roots, Scope, busy_us};
use energy::{
    Energy, Power,
    calibrate::{Line, Phase, factor_permille, fit},
    meter::{Follower, Limits, Reading},
    millionths,
};
use kernels::load::Load;
use model::Span;

use super::{now, sentence};
use crate::{
    client::{Client, ClientError},
    commands::House,
    console, exit,
    report::Fault,
    show,
    words::Words,
};

/// Measures the idle machine and its slope under load, against its plug or a wattmeter that you read; stores both
/// (operators)
///
/// The machine must be drained and empty. Takes the first [[meter]] that sees the whole machine (plug, PDU, board), or
/// with --watts what you type in. The result is what idle power is shared by, and what a model meter is made of.
#[derive(clap::Args)]
pub struct Args {
    /// Ask for the watts of each phase instead of reading a meter
    #[arg(long)]
    watts: bool,

    /// Measure each phase for so long
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(2..=3600))]
    seconds: u64,

    /// Wait before each phase until fans and meters are steady
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=600))]
    settle: u64,

    /// Show the result, store nothing
    #[arg(long)]
    dry_run: bool,
}

/// Measures, and stores it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let words = &house.words;
    let mut centre = house.call()?;
    must_be_free(&mut centre)?;
    let mut source = if args.watts { Source::Person } else { Source::Meter(whole_machine(house)?) };
    let mut processors = Watch::open(&MeterConfig::Rapl { factor_permille: 1000 }).ok();
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let mut loads = vec![0, 1, cpus / 2, cpus];
    loads.dedup();
    let pause = Duration::from_secs(args.settle);
    console::line(
        words.with("calibrate-begin", &[("meter", source.name(words).into()), ("phases", loads.len().into())]),
    );
    let (mut phases, mut rows, mut factor) = (Vec::new(), Vec::new(), None);
    for load in loads {
        let burning = Burning::start(load);
        thread::sleep(pause);
        let busy_before = busy_us(Path::new("/proc"))?;
        let begun = Instant::now();
        let length = Duration::from_secs(args.seconds);
        let (power, part) = source.measure(load, length, processors.as_mut(), words)?;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        let busy = busy_us(Path::new("/proc"))?.saturating_sub(busy_before);
        drop(burning);
        let busy_milli = i64::try_from(u128::from(busy) * 1000 / u128::from(micros)).unwrap_or(i64::MAX);
        // After each phase: nobody waits for the others to hear that they were in vain.
        if busy_milli > busy_at_most(load, cpus) {
            let gaps = [("cpus", words.fixed(busy_milli, 1000, 2)), ("load", load.to_string())];
            return Err(Fault::new("calibrate-not-idle", gaps).into());
        }
        phases.push(Phase { busy_milli, power });
        factor = part.or(factor);
        rows.push(vec![load.to_string(), words.fixed(busy_milli, 1000, 2), words.fixed(power.0, 1000, 1)]);
    }
    let titles = ["calibrate-column-load", "calibrate-column-busy", "meter-column-watts"];
    console::print(show::plain(titles.map(|title| words.say(title)).into(), rows, &[true, true, true]));
    let line = fit(&phases)?;
    let uncertainty_permille = line.residual_permille.max(source.uncertainty_permille());
    console::print(result(&line, uncertainty_permille, factor, words));
    if args.dry_run {
        return Ok(exit::OK);
    }
    must_be_free(&mut centre)?;
    centre.order(&Request::Energy(EnergyRequest::Calibrate(Box::new(CalibrationRow {
        at: now(),
        idle_mw: line.idle.0,
        per_cpu_mw: line.per_cpu.0,
        uncertainty_permille,
        factor_permille: factor,
        source: source.name(words),
    }))))?;
    console::line(words.say("calibrate-stored"));
    Ok(exit::OK)
}

/// So many thousandths of a CPU may compute: the load, and what an idle machine does by itself, and the centre.
fn busy_at_most(load: usize, cpus: usize) -> i64 {
    100 + i64::try_from(load * 1000 + cpus * 20).unwrap_or(i64::MAX / 2)
}

/// Only a machine that does nothing else tells what it draws.
fn must_be_free(centre: &mut Client) -> anyhow::Result<()> {
    let Reply::Status(report) = centre.ask(&Request::Status)? else { return Err(ClientError::Unfit.into()) };
    if report.node.drained.is_none() {
        return Err(Fault::new("calibrate-not-drained", []).into());
    }
    let jobs = report.running + report.suspended;
    if jobs > 0 {
        return Err(Fault::new("calibrate-busy", [("jobs", jobs.to_string())]).into());
    }
    Ok(())
}

/// The first configured meter that sees the whole machine and answers.
fn whole_machine(house: &House) -> anyhow::Result<Watch> {
    let configured = centre::load_config(&centre::Paths::new(house.place.data()).config())?.meter;
    let mut why = Vec::new();
    for config in &configured {
        match Watch::open(config) {
            Ok(watch) if matches!(watch.about.scope, Scope::Socket | Scope::Board) => return Ok(watch),
            Ok(_) => {}
            Err(error) => why.push(error),
        }
    }
    Err(Fault::new("calibrate-no-meter", [("why", why.join("; "))]).into())
}

/// Threads that compute until this is dropped.
struct Burning {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<f64>>,
}

impl Burning {
    fn start(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let burn = |stop: Arc<AtomicBool>| {
            move || {
                let (mut load, mut sum) = (Load::default(), 0.0);
                while !stop.load(Ordering::Relaxed) {
                    sum += load.round();
                }
                sum
            }
        };
        let threads = (0..count).map(|_| thread::spawn(burn(stop.clone()))).collect();
        Self { stop, threads }
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

/// What tells the watts.
enum Source {
    Meter(Watch),
    Person,
}

impl Source {
    fn name(&self, words: &Words) -> String {
        match self {
            Source::Meter(watch) => watch.about.name.clone(),
            Source::Person => words.say("calibrate-wattmeter"),
        }
    }

    /// Of a wattmeter that somebody reads off: what cheap ones state.
    fn uncertainty_permille(&self) -> u32 {
        match self {
            Source::Meter(watch) => watch.about.uncertainty_permille,
            Source::Person => 20,
        }
    }

    /// The mean power of a phase, and of a busy one the factor from the processors' own counters to it.
    fn measure(
        &mut self,
        load: usize,
        length: Duration,
        mut processors: Option<&mut Watch>,
        words: &Words,
    ) -> anyhow::Result<(Power, Option<u32>)> {
        let until = Instant::now() + length;
        if let Some(processors) = &mut processors {
            processors.begin();
        }
        let power = match self {
            Source::Person => {
                let power = typed(load, words)?;
                // Whoever is quick: how busy the machine is takes its time to tell.
                thread::sleep(until.saturating_duration_since(Instant::now()));
                power
            }
            Source::Meter(watch) => {
                watch.begin();
                while Instant::now() < until {
                    thread::sleep(watch.about.pace.max(Duration::from_secs(1)));
                    watch.look();
                    if let Some(processors) = &mut processors {
                        processors.look();
                    }
                }
                watch.mean().ok_or_else(|| {
                    let gaps =
                        [("meter", watch.about.name.clone()), ("why", watch.trouble.clone().unwrap_or_default())];
                    Fault::new("calibrate-silent", gaps)
                })?
            }
        };
        let part = processors.and_then(|processors| {
            processors.look();
            processors.mean()
        });
        let whole_second = |power: Power| Energy(power.0.saturating_mul(1000));
        let factor =
            part.filter(|_| load > 0).and_then(|part| factor_permille(whole_second(part), whole_second(power)));
        Ok((power, factor))
    }
}

/// Asks until it is a number.
fn typed(load: usize, words: &Words) -> anyhow::Result<Power> {
    let mut lines = std::io::stdin().lock().lines();
    loop {
        console::line(words.with("calibrate-ask", &[("cpus", load.into())]));
        let Some(line) = lines.next().transpose()? else {
            return Err(Fault::new("calibrate-given-up", []).into());
        };
        match millionths(&line).map(|micro| micro / 1000).filter(|milliwatts| *milliwatts > 0) {
            Some(milliwatts) => return Ok(Power(milliwatts)),
            None if std::io::stdin().is_terminal() => console::line(words.say("calibrate-no-number")),
            None => return Err(Fault::new("calibrate-no-watts", [("text", line)]).into()),
        }
    }
}

/// A meter that is followed.
struct Watch {
    meter: Box<dyn Meter>,
    about: About,
    scale_permille: u32,
    follower: Follower,
    energy: Energy,
    length: Span,
    trouble: Option<String>,
}

impl Watch {
    /// Opens it, and reads it once.
    fn open(config: &MeterConfig) -> Result<Self, String> {
        let mut meter = config.open(&Roots::default()).map_err(|error| sentence(&error))?;
        meter.read().map_err(|error| sentence(&error))?;
        Ok(Self {
            about: meter.about(),
            meter,
            scale_permille: config.scale_permille(),
            follower: Follower::default(),
            energy: Energy::ZERO,
            length: Span(0),
            trouble: None,
        })
    }

    fn begin(&mut self) {
        (self.follower, self.energy, self.length) = (Follower::default(), Energy::ZERO, Span(0));
        self.look();
    }

    fn look(&mut self) {
        let channels = match self.meter.read() {
            Ok(channels) => channels.into_iter().map(|channel| channel.scaled(self.scale_permille)).collect(),
            Err(error) => {
                self.trouble = Some(sentence(&error));
                return;
            }
        };
        let reading = Reading { at: now(), source: 0, channels };
        let taken = self.follower.take(&Limits::default(), reading);
        for interval in taken.intervals.iter().filter(|interval| interval.flag.is_measured()) {
            self.energy += interval.energy;
            self.length = self.length + interval.span();
        }
    }

    fn mean(&self) -> Option<Power> {
        (self.length > Span(0)).then(|| self.energy.mean(self.length))
    }
}

/// What came out, and what to write into config.toml for a machine that loses its meter.
fn result(line: &Line, uncertainty_permille: u32, factor: Option<u32>, words: &Words) -> String {
    let mut text = words.with(
        "calibrate-result",
        &[
            ("idle", words.fixed(line.idle.0, 1000, 1).into()),
            ("more", words.fixed(line.per_cpu.0, 1000, 2).into()),
            ("percent", words.fixed(uncertainty_permille.into(), 10, 1).into()),
        ],
    ) + "\n";
    if let Some(factor) = factor {
        text += &words.with("calibrate-factor", &[("factor", factor.into())]);
        text.push('\n');
    }
    let (idle, more) = ((line.idle.0 + 500) / 1000, line.per_cpu.0);
    text + &words.with("calibrate-model", &[("idle", idle.to_string().into()), ("more", more.to_string().into())])
        + "\n"
}
