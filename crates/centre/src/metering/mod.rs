//! The machine's energy while the centre serves: meters are read on threads of their own, each interval is shared between
//! the runs that were there by the CPU time that the launcher tells, and what came of it goes into the journal now and
//! then. Must not know what a kilowatt-hour costs, nor who may see what a job used.

mod keeper;
mod sampler;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use drivers::local::{protocol::Order, system};
use drivers::meters::{About, Chain, Meter, MeterConfig, Roots};
use energy::attribute::{self, above_idle};
use energy::live::Look;
use energy::meter::{Limits, Odd};
use energy::{Energy, Interval, Power};
use model::{RunId, Span, Time};
use scheduler::{Finished, State, What};
use store::{Calibration, EnergyWrite, Reader, Settled, StoreError, Write};

use crate::{
    complain::complain,
    config::{EnergySection, File},
    core::Centre,
    journal::After,
    service::Word,
};
pub(crate) use keeper::holds;
pub(crate) use keeper::{GpuEnergy, Keeper, Over, Running};
use sampler::{Sampled, Sampler, Sampling};

/// Meters that were opened before privilege was dropped.
pub struct Meters(Vec<(MeterConfig, Box<dyn Meter>)>);

impl Meters {
    /// Opens those of a configuration, as far as they can be; the others are tried again when they are read.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn open(config: &std::path::Path) -> Result<Self, crate::ConfigError> {
        let file = crate::config::load(config)?;
        let roots = Roots::default();
        Ok(Self(file.meter.into_iter().map(|meter| (meter.clone(), meter.open_late(&roots))).collect()))
    }
}

/// What one of the machine's meters is, and how it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MeterHealth {
    pub(crate) about: About,
    /// Why it does not answer, as far as that is known.
    pub(crate) failing: Option<String>,
}

/// What the threads that read meters say.
#[derive(Debug)]
pub(crate) enum Said {
    Machine(Sampled),
    Gpus(Sampled),
}

/// Everything about energy that the loop has.
pub(crate) struct Metering {
    keeper: Keeper,
    gpus: GpuEnergy,
    gpu_idle: Power,
    /// Looks that wait for the launcher to tell CPU times, in order.
    waiting: VecDeque<(u64, Sampled)>,
    number: u64,
    /// The meters in the order of preference.
    pub(crate) meters: Vec<MeterHealth>,
    /// Which of them answered last, if one did.
    pub(crate) answering: Option<u16>,
    /// The last interval.
    pub(crate) latest: Option<Interval>,
    /// Since the centre started: how much, and for how long that is known.
    drawn: Energy,
    watched: Span,
    thinned: Time,
    _samplers: Vec<Sampler>,
}

impl Metering {
    /// Begins to measure, if there is a meter; goes on from what is in the file.
    ///
    /// # Errors
    /// [`StoreError`]; no thread.
    pub(crate) fn open(
        file: &File,
        meters: Meters,
        state: &State,
        reader: &Reader,
        say: impl Fn(Word) + Send + Clone + 'static,
    ) -> Result<Option<Self>, MeteringError> {
        let topology = &state.config().machine;
        let (cards, main): (Vec<_>, Vec<_>) =
            meters.0.into_iter().partition(|(config, _)| matches!(config, MeterConfig::Nvml {}));
        if main.is_empty() {
            if !cards.is_empty() {
                complain!("[[meter]] nvml measures cards only: name a meter of the whole machine beside it");
            }
            return Ok(None);
        }
        let calibration = reader.calibrations(&topology.name)?.pop();
        let configs: Vec<MeterConfig> = main.iter().map(|(config, _)| config.clone()).collect();
        let idle = idle_power(&file.energy, &configs, calibration.as_ref());
        let machine = attribute::Machine { cores: topology.cores.len() as u32, memory_mib: topology.memory_mib, idle };
        let factor = calibration.as_ref().and_then(|calibration| calibration.factor_permille);
        let abouts: Vec<About> = main.iter().map(|(_, meter)| meter.about()).collect();
        let mut keeper = Keeper::restore(reader, topology, machine, running(state))?;
        let boot = system::boot_time().ok();
        close_before_boot(&mut keeper, &abouts, boot);
        let mut gpus = GpuEnergy { energies: Vec::new(), followers: keeper.resume().gpus.clone() };
        let card_abouts: Vec<About> = cards.iter().map(|(_, meter)| meter.about()).collect();
        for follower in &mut gpus.followers {
            // A card was off with its machine: that is known of the machine.
            sampler::restarted(follower, &card_abouts, boot);
        }
        let mut metering = Self {
            gpus: gpus.clone(),
            gpu_idle: calibration.map(|calibration| calibration.gpu_idle).unwrap_or_default(),
            waiting: VecDeque::new(),
            number: 0,
            answering: None,
            latest: None,
            drawn: Energy::ZERO,
            watched: Span::ZERO,
            thinned: Time(0),
            meters: abouts.iter().map(|about| MeterHealth { about: about.clone(), failing: None }).collect(),
            keeper,
            _samplers: Vec::new(),
        };
        let limits = file.energy.limits();
        let period = file.energy.period();
        let sampling = Sampling {
            chain: Chain::new(main.into_iter().map(|(config, meter)| (meter, scale(&config, factor))).collect()),
            each_channel: false,
            limits,
            followers: vec![metering.keeper.resume().follower.clone()],
            period,
        };
        let tell = say.clone();
        let started = Sampler::start("meter", sampling, move |sampled| tell(Word::Metered(Said::Machine(sampled))));
        metering._samplers.push(started?);
        if !cards.is_empty() {
            let chain = Chain::new(cards.into_iter().map(|(_, meter)| (meter, 1000)).collect());
            let limits = Limits { least: Power(0), ..limits };
            let sampling = Sampling { chain, each_channel: true, limits, followers: gpus.followers, period };
            let started = Sampler::start("gpu-meter", sampling, move |sampled| say(Word::Metered(Said::Gpus(sampled))));
            metering._samplers.push(started?);
        }
        Ok(Some(metering))
    }

    /// The machine's idle power that is reckoned with.
    pub(crate) fn idle(&self) -> Power {
        self.keeper.machine.idle
    }

    /// What the machine draws, and has drawn on average since the centre started.
    pub(crate) fn watts(&self) -> Option<(u32, u32)> {
        let watts = |power: Power| u32::try_from((power.0 + 500) / 1000).unwrap_or(u32::MAX);
        let latest = self.latest?;
        Some((watts(latest.energy.mean(latest.span())), watts(self.drawn.mean(self.watched))))
    }

    /// A new calibration counts from the next interval on.
    pub(crate) fn calibrated(&mut self, calibration: &Calibration) {
        (self.keeper.machine.idle, self.gpu_idle) = (calibration.idle, calibration.gpu_idle);
    }

    fn note_health(&mut self, sampled: &Sampled) {
        let failures = sampled.failures.iter().map(|(place, why)| (*place, why.clone()));
        for (place, why) in failures {
            let Some(meter) = self.meters.get_mut(usize::from(place)) else { continue };
            if meter.failing.as_ref() != Some(&why) {
                complain!("a meter does not answer: {why}");
                meter.failing = Some(why);
            }
        }
        if let Some(answered) = sampled.answered {
            let odd = sampled.odd.map(|odd| format!("what it says cannot be true ({})", oddity(odd)));
            if let Some(meter) = self.meters.get_mut(usize::from(answered))
                && (odd.is_none() || meter.failing.is_none())
            {
                match &odd {
                    Some(why) => complain!("{}: {why}", meter.about.name),
                    None if meter.failing.is_some() => complain!("{} answers again", meter.about.name),
                    None => {}
                }
                meter.failing = odd;
            }
        }
        self.answering = sampled.answered;
    }

    /// What GPUs drew above their idle power adds up until it is shared.
    fn add_gpus(&mut self, sampled: Sampled) {
        self.gpus.energies.resize(sampled.news.len(), Energy::ZERO);
        for (sum, (intervals, _)) in self.gpus.energies.iter_mut().zip(&sampled.news) {
            intervals.iter().for_each(|interval| *sum += above_idle(interval, self.gpu_idle));
        }
        if sampled.answered.is_some() {
            self.gpus.followers = sampled.news.into_iter().map(|(_, follower)| follower).collect();
        }
    }
}

/// What can go wrong when measuring begins.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeteringError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("starting the thread that reads the meters: {0}")]
    Thread(#[from] std::io::Error),
}

impl EnergySection {
    /// What a meter may say.
    fn limits(&self) -> Limits {
        let usual = Limits::default();
        // Two looks in vain are no gap, however seldom somebody looks.
        let longest = usual.longest.max(Span::seconds(3 * self.period().as_secs() as i64));
        Limits { most: Power::watts(self.max_watts.into()), longest, ..usual }
    }

    /// From one look to the next.
    fn period(&self) -> Duration {
        Duration::from_secs(self.sample_seconds.clamp(1, 60).into())
    }
}

/// By the last calibration, what the operator typed in, or the model of a machine without a meter; else none: then all
/// energy counts as dynamic.
fn idle_power(section: &EnergySection, meters: &[MeterConfig], calibration: Option<&Calibration>) -> Power {
    let model = meters.iter().find_map(|meter| match meter {
        MeterConfig::Model { idle_watts, .. } => Some(*idle_watts),
        _ => None,
    });
    let typed = section.idle_watts.or(model).map(|watts| Power::watts(watts.into()));
    calibration.map(|calibration| calibration.idle).or(typed).unwrap_or_default()
}

/// A factor in the configuration comes before one that was calibrated.
fn scale(config: &MeterConfig, calibrated: Option<u32>) -> u32 {
    match config {
        MeterConfig::Rapl { factor_permille: 1000 } => calibrated.unwrap_or(1000),
        other => other.scale_permille(),
    }
}

fn oddity(odd: Odd) -> &'static str {
    match odd {
        Odd::TooLittle => "too little",
        Odd::TooMuch => "too much",
        Odd::WentBack => "its counter went back",
        Odd::Nothing => "no number",
    }
}

/// The machine was started since: what is inside it counts from 0 again, and was off meanwhile.
fn close_before_boot(keeper: &mut Keeper, abouts: &[About], boot: Option<Time>) {
    let mut follower = keeper.resume().follower.clone();
    if let Some(interval) = sampler::restarted(&mut follower, abouts, boot) {
        keeper.close(follower, interval);
    }
}

/// The runs that the state has.
fn running(state: &State) -> Vec<Running> {
    let machine = &state.config().machine;
    let one = |(run, placement, start): (RunId, &scheduler::Placement, Time)| Running {
        run,
        start,
        holds: holds(machine, placement.cpus.iter(), placement.memory_mib, &placement.gpus),
        suspended: state.job(run.job).and_then(|job| job.suspended_since()),
    };
    state.runs().map(one).collect()
}

impl Centre {
    /// A thread read a meter: with it belong the CPU times of this moment.
    pub(crate) fn metered(&mut self, said: Said) {
        let Some(metering) = &mut self.metering else { return };
        match said {
            Said::Gpus(sampled) => metering.add_gpus(sampled),
            Said::Machine(sampled) => {
                metering.note_health(&sampled);
                if sampled.answered.is_none() {
                    return metering.keeper.give_up(self.now);
                }
                metering.number += 1;
                let number = metering.number;
                metering.waiting.push_back((number, sampled));
                self.order(&Order::Measure { number });
            }
        }
    }

    /// The launcher told the CPU times for a look at the meters.
    pub(crate) fn measured(&mut self, number: u64, busy_us: u64, runs: Vec<(RunId, u64, u64)>) {
        self.tracks.look(self.now, &runs);
        let Some(metering) = &mut self.metering else { return };
        let look = Look { busy_us, runs: runs.into_iter().map(|(run, used_us, _)| (run, used_us)).collect() };
        // One that was not answered (a launcher that was killed meanwhile) is shared by the next answer.
        while metering.waiting.front().is_some_and(|(asked, _)| *asked <= number) {
            let Some((_, sampled)) = metering.waiting.pop_front() else { return };
            let Some((intervals, follower)) = sampled.news.into_iter().next() else { continue };
            for interval in &intervals {
                metering.latest = Some(*interval);
                metering.drawn += interval.energy;
                metering.watched = metering.watched + interval.span();
            }
            let tariffs = self.electricity.tariffs();
            metering.keeper.settle(follower, &intervals, look.clone(), &metering.gpus, tariffs);
            if !intervals.is_empty() {
                metering.gpus.energies.fill(Energy::ZERO);
            }
        }
    }

    /// A fact became part of the state: runs come, and stand still.
    pub(crate) fn metering_fact(&mut self, at: Time, what: &What) {
        let Some(metering) = &mut self.metering else { return };
        let machine = &self.state.config().machine;
        let live = metering.keeper.live();
        match what {
            What::Started { run, placement, .. } => {
                live.begin(*run, at, holds(machine, placement.cpus.iter(), placement.memory_mib, &placement.gpus));
            }
            What::Suspended { run, .. } => live.stand_still(*run, at, true),
            What::Resumed { run } => live.stand_still(*run, at, false),
            _ => {}
        }
    }

    /// A run is over.
    pub(crate) fn metering_end(&mut self, run: &Finished) {
        if let (Some(metering), Some(_)) = (&mut self.metering, run.start) {
            metering.keeper.live().end(run.run, run.end, run.usage.user_us + run.usage.system_us);
        }
    }

    /// The state was read back: runs whose start was not on disk are none.
    pub(crate) fn metering_agrees(&mut self) {
        if let Some(metering) = &mut self.metering {
            metering.keeper.agree(self.now, running(&self.state));
        }
    }

    /// Puts what was shared into the journal, if it is time.
    pub(crate) fn write_energy(&mut self, at_once: bool) {
        let Some(metering) = self.metering.as_mut().filter(|_| self.degraded.is_none()) else { return };
        if (at_once || metering.keeper.is_due(self.now))
            && let Some(settled) = metering.keeper.take(self.now)
        {
            self.tracks.shared(self.now, &settled);
            self.money.energy_known(&settled);
            self.journal.write(Write::Energy(Box::new(EnergyWrite::Settled(settled.clone()))));
            self.journal.after(After::Metered(Box::new(settled)));
        }
        if (self.now - metering.thinned).0.abs() >= 3_600_000 {
            metering.thinned = self.now;
            let kept = &self.file.energy;
            let before = |hours: u32| self.now - Span::minutes(i64::from(hours) * 60);
            let (samples, minutes) =
                (before(kept.keep_samples_hours), before(kept.keep_minutes_days.saturating_mul(24)));
            self.journal.write(Write::Energy(Box::new(EnergyWrite::Forget { samples, minutes })));
        }
    }

    /// What was shared could not be written: it waits for the next time.
    pub(crate) fn energy_unwritten(&mut self, settled: Settled) {
        if let Some(metering) = &mut self.metering {
            metering.keeper.put_back(settled);
        }
    }
}
