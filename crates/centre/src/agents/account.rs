//! A machine's account: its readings become intervals, and each is shared between the runs of the cluster that were there,
//! by the very code that does it for the centre's own machine. A reading waits until Slurm has told what ended before it.
//! What came of it is written with the note that it is shared, in one transaction. Must not know who asks for what.

use std::sync::Arc;

use energy::{
    Power,
    account::Tariffs,
    attribute,
    live::Look,
    meter::{Limits, Reading},
};
use model::{RunId, Span, Time};
use node::{About, Sample};
use store::{AgentWrite, EnergyWrite, Reader, Settled, StoreError, Write};

use super::{Agent, Waiting};
use crate::{
    complain::complain,
    core::Centre,
    journal::After,
    metering::{GpuEnergy, Keeper, Over, Running},
};

/// A Slurm that does not answer holds no reading up for longer.
const PATIENCE: Span = Span::minutes(5);
/// A run that was over so long before is not waited for any more.
const FORGOTTEN: Span = Span::minutes(7 * 24 * 60);

/// What is known of a machine's energy.
pub(super) struct Account {
    pub(super) keeper: Keeper,
    limits: Limits,
}

/// Whether sharing is the same for both.
pub(super) fn is_alike(one: &About, other: &About) -> bool {
    let of = |about: &About| (about.cores, about.memory_mib, about.idle_mw, about.most_mw);
    of(one) == of(other)
}

impl Account {
    fn open(
        reader: &Reader,
        name: &Arc<str>,
        about: &About,
        running: Vec<Running>,
        ended: impl FnOnce(Time) -> Result<Vec<Over>, StoreError>,
    ) -> Result<Self, StoreError> {
        let calibrated = reader.calibrations(name)?.pop().map(|calibration| calibration.idle);
        let idle = calibrated.or(about.idle_mw.map(Power)).unwrap_or_default();
        let machine = attribute::Machine { cores: about.cores, memory_mib: about.memory_mib, idle };
        let keeper = Keeper::restore_of(reader, name.clone(), machine, running, ended)?;
        let usual = Limits::default();
        let most = if about.most_mw > 0 { Power(about.most_mw) } else { usual.most };
        // Two readings that are missing are no gap.
        Ok(Self { keeper, limits: Limits { most, longest: Span::seconds(90), ..usual } })
    }

    /// Shares a reading; says what is to be written.
    fn share(
        &mut self,
        waiting: &Waiting,
        is_inside: bool,
        runs: impl Fn(u32) -> Option<RunId>,
        tariffs: Tariffs<'_>,
    ) -> Option<Settled> {
        let Waiting { at, sample, .. } = waiting;
        let Sample { boot, up_ms, source, channels, busy_us, jobs, .. } = sample;
        self.keeper.booted(boot, *at - Span(*up_ms), is_inside);
        let mut follower = self.keeper.resume().follower.clone();
        let reading = Reading { at: *at, source: *source, channels: channels.clone() };
        let taken = follower.take(&self.limits, reading);
        let runs = jobs.iter().filter_map(|(job, cpu_us)| Some((runs(*job)?, *cpu_us))).collect();
        let look = Look { busy_us: *busy_us, runs };
        self.keeper.settle(follower, &taken.intervals, look, &GpuEnergy::default(), tariffs);
        self.keeper.take(*at)
    }
}

impl Centre {
    /// Shares what can be shared by now.
    pub(crate) fn share_readings(&mut self) {
        if self.degraded.is_some() || self.agents.is_empty() {
            return;
        }
        let names: Vec<Arc<str>> = self.agents.all.keys().cloned().collect();
        let until = self.told_until();
        for name in names {
            if let Err(fault) = self.share_readings_of(&name, until) {
                complain!("the energy of {name} is not shared: {fault}");
            }
        }
    }

    /// Until when it is known which runs held what. `None`: not at all yet.
    fn told_until(&self) -> Option<Time> {
        match &self.cluster {
            None => Some(self.now),
            Some(cluster) => cluster.told_until(),
        }
    }

    fn share_readings_of(&mut self, name: &Arc<str>, until: Option<Time>) -> Result<(), StoreError> {
        let Some(until) = until else { return Ok(()) };
        loop {
            let now = self.now;
            let Some(agent) = self.agents.all.get_mut(name) else { return Ok(()) };
            agent.fetch(&self.reader, now);
            let is_ready = |waiting: &Waiting| waiting.at <= until || (now - waiting.came).0.abs() > PATIENCE.0;
            if agent.about.is_none() || !agent.waiting.front().is_some_and(is_ready) {
                return Ok(());
            }
            if agent.account.is_none() {
                let account = self.open_account(name)?;
                let Some(agent) = self.agents.all.get_mut(name) else { return Ok(()) };
                agent.account = account;
            }
            let agents = &mut self.agents;
            let Some(agent) = agents.all.get_mut(name) else { return Ok(()) };
            let is_inside = agent.is_inside();
            let (Some(account), Some(waiting)) = (&mut agent.account, agent.waiting.pop_front()) else { return Ok(()) };
            let runs = |job| agents.runs.of(job, waiting.at);
            let settled = account.share(&waiting, is_inside, runs, self.electricity.tariffs());
            if let Some(settled) = settled {
                agent.latest = settled.samples.last().map(|shared| shared.interval).or(agent.latest);
                self.money.energy_known(&settled);
                self.journal.write(Write::Energy(Box::new(EnergyWrite::Settled(settled.clone()))));
                self.journal.after(After::Shared(Box::new(settled)));
            }
            let shared = AgentWrite::Shared { name: name.to_string(), number: waiting.number };
            self.journal.write(Write::Agent(Box::new(shared)));
        }
    }

    /// Takes a machine's account up from the file, with the runs that are there now.
    fn open_account(&self, name: &Arc<str>) -> Result<Option<Account>, StoreError> {
        let Some(about) = self.agents.all.get(name).and_then(|agent| agent.about.as_ref()) else { return Ok(None) };
        let running = self.running_there(name);
        let oldest = self.now - FORGOTTEN;
        let ended = |since: Time| {
            let found = self.reader.runs_ended_there(since.max(oldest), name)?;
            Ok(found.iter().filter_map(|ended| self.over_there(name, ended)).collect())
        };
        Account::open(&self.reader, name, about, running, ended).map(Some)
    }
}

impl Agent {
    /// What it is read by began anew with the machine.
    fn is_inside(&self) -> bool {
        let about = self.about.as_ref();
        let meter = about.and_then(|about| about.meters.get(usize::from(about.answering?)));
        meter.is_some_and(|meter| meter.inside)
    }
}
