//! What a job would take, cost and wait, before it is submitted: expected by what similar jobs took, and at most. Must
//! not know how run times are learned, nor what a contract is. What a member pays for a job is the tariffs' matter.

use api::{Amounts, Expected, Offer, Price, Quote, Refusal, Reply, Submission, WhyCause};
use drivers::meters::MeterConfig;
use energy::{Energy, Flag, Interval, Power, calibrate::Line, contract::Cost};
use model::{JobId, JobSpec, Request, Span, Time};
use scheduler::{
    Better, Patience,
    learn::{Basis, Expectation},
};

use crate::{
    connection::{ConnId, Peer},
    core::Centre,
};

/// Run times that matter, as [`Amounts`] has them.
#[derive(Clone, Copy)]
struct Runs {
    low: Option<Span>,
    expected: Option<Span>,
    high: Option<Span>,
    greatest: Option<Span>,
}

impl Runs {
    fn each(self, amount: impl Fn(Span) -> Option<i64>) -> Amounts {
        Amounts {
            low: self.low.and_then(&amount),
            expected: self.expected.and_then(&amount),
            high: self.high.and_then(&amount),
            greatest: self.greatest.and_then(&amount),
        }
    }
}

/// What a job is taken to draw on a machine of so many CPUs and MiB: all its CPUs computing, and its part of what the
/// machine draws idle, as it is shared afterwards.
fn power(line: &Line, request: &Request, (cpus, memory_mib): (u32, u64)) -> Power {
    let own = request.cpus().min(cpus);
    let by_memory = request.memory_mib(own).unwrap_or(0).min(memory_mib) * 1000 / memory_mib.max(1);
    let part = (u64::from(own) * 1000 / u64::from(cpus.max(1))).max(by_memory);
    let idle = line.idle.permille(u32::try_from(part).unwrap_or(1000));
    Power(idle.0.saturating_add(line.per_cpu.0.saturating_mul(i64::from(own))))
}

impl Centre {
    /// What this submission would take.
    pub(crate) fn quote(&mut self, conn: ConnId, peer: Peer, submission: Submission) -> Result<(), Refusal> {
        let spec = JobSpec { batch: true, ..submission.spec };
        let spec = self.admit(peer, spec, &submission.script, &submission.environment)?;
        if self.quote_there(conn, &spec, submission.script, &submission.environment) {
            return Ok(());
        }
        let quote = self.quote_of(spec, None);
        self.reply(conn, &Reply::Quote(Box::new(quote)));
        Ok(())
    }

    /// What it would take; `there`: when a Slurm would start it, which only Slurm knows.
    pub(crate) fn quote_of(&self, spec: JobSpec, there: Option<Time>) -> Quote {
        let expected = self.expectation(&spec).filter(tells);
        let middle = expected.map(|expected| expected.middle);
        let tasks = spec.array.as_ref().map_or(1, |array| array.tasks.len());
        let draw = self.draw_of(&spec.request);
        let power = draw.map(|(power, _)| power);
        let runs = Runs {
            low: expected.map(|expected| expected.low),
            expected: middle,
            high: expected.map(|expected| expected.high),
            greatest: spec.time_limit.span(),
        };
        let energy = |run: Span| Some(times(power?.over(run), tasks));
        let is_here = self.cluster.is_none();
        let foresee =
            |patience| is_here.then(|| self.state.foresee(spec.clone(), self.now, patience, middle)).flatten();
        let plain = there.or_else(|| foresee(Patience::None));
        let offer = |start: Option<Time>| Offer {
            start,
            cost_microeur: runs.each(|run| Some(self.cost(start.unwrap_or(self.now), run, energy(run)?).0)),
        };
        let later = if self.state.prices().differ() { foresee(Patience::Flexible) } else { None };
        let longest = runs.greatest.or(runs.high).unwrap_or(Span(1));
        let is_known = |start: Time| self.cost(start, longest, Energy(1_000_000)).1;
        Quote {
            tasks,
            cpus: spec.request.cpus(),
            memory_mib: spec.request.memory_mib(spec.request.cpus()),
            gpus: spec.request.gpus,
            greatest_s: runs.greatest.map(Span::as_seconds),
            expected: expected.map(told),
            power_mw: power.map(|power| power.0),
            power_source: draw.map_or("", |(_, source)| source).to_owned(),
            energy_uj: runs.each(|run| energy(run).map(|energy| energy.0)),
            contract: self.electricity.book.at(self.now).rate.contract.name.clone(),
            price: self.price_of(&spec, runs),
            price_is_known: [plain, later].into_iter().flatten().chain([self.now]).all(is_known),
            is_flexible: self.state.may_wait(&spec),
            now: offer(plain),
            flexible: later.filter(|later| plain.is_none_or(|plain| plain < *later)).map(|later| offer(Some(later))),
            partition: spec.partition,
            qos: spec.qos,
        }
    }

    /// What its project pays for it, by tariff.
    fn price_of(&self, spec: &JobSpec, runs: Runs) -> Option<Price> {
        let refused = |refusal: Refusal| Price {
            tariff: String::new(),
            microeur: Amounts::default(),
            refusal: Some(refusal.detail),
        };
        let offered = match self.offer(spec) {
            Ok(offered) => offered?,
            Err(refusal) => return Some(refused(refusal)),
        };
        let power = self.draw_of(&spec.request).map_or(Power(0), |(power, _)| power);
        let likely = runs.each(|run| self.would_pay(&offered, &spec.request, run, power.over(run).0));
        let microeur = Amounts { greatest: Some(offered.greatest().0), ..likely };
        let refusal = self.covered(&offered).err().map(|refusal| refusal.detail);
        Some(Price { tariff: offered.tariff().to_owned(), microeur, refusal })
    }

    /// What energy used evenly from `start` on costs, micro-euros, and whether the prices are known.
    fn cost(&self, start: Time, run: Span, energy: Energy) -> (i64, bool) {
        let interval = Interval { start, end: start + run, energy, flag: Flag::Measured, source: 0 };
        let mut cost = Cost::default();
        self.electricity.book.price(&interval, energy, &mut cost);
        (cost.price.rounded(), cost.estimated == Energy::ZERO)
    }

    /// What a job is taken to draw, and how that is known; `None`: nobody knows this machine.
    pub(crate) fn draw_of(&self, request: &Request) -> Option<(Power, &'static str)> {
        let machine = &self.state.config().machine;
        let (line, source) = self.line()?;
        Some((power(&line, request, (machine.cpus(), machine.memory_mib)), source))
    }

    /// What the machine draws, idle and for each busy CPU, as far as anybody knows, and how: as it was last measured,
    /// else as the operator wrote it down.
    fn line(&self) -> Option<(Line, &'static str)> {
        let measured = self.reader.calibrations(&self.node).unwrap_or_default().pop();
        if let Some(measured) = measured {
            let residual_permille = measured.uncertainty_permille;
            return Some((Line { idle: measured.idle, per_cpu: measured.per_cpu, residual_permille }, "calibration"));
        }
        self.file.meter.iter().find_map(|meter| match meter {
            MeterConfig::Model { idle_watts, milliwatts_per_cpu } => {
                let (idle, per_cpu) = (Power::watts(i64::from(*idle_watts)), Power(i64::from(*milliwatts_per_cpu)));
                Some((Line { idle, per_cpu, residual_permille: 0 }, "model"))
            }
            _ => None,
        })
    }

    /// Why a flexible job waits, in what it saves.
    pub(crate) fn cheap_hours(&self, id: JobId, better: Better, run: Span) -> WhyCause {
        let saved = i128::from(better.plain) - i128::from(better.price);
        let permille = saved * 1000 / i128::from(better.plain).abs().max(1);
        let microeur = self.state.job(id).and_then(|job| {
            let energy = times(self.draw_of(job.request())?.0.over(run), job.tasks().map_or(1, |tasks| tasks.len()));
            i64::try_from(i128::from(energy.0) * saved / i128::from(energy::UJ_PER_KWH)).ok()
        });
        WhyCause::CheapHours {
            start: better.at,
            saving_permille: u32::try_from(permille).unwrap_or(0),
            saving_microeur: microeur,
            run_s: run.as_seconds(),
        }
    }
}

fn times(energy: Energy, tasks: u64) -> Energy {
    Energy(energy.0.saturating_mul(i64::try_from(tasks).unwrap_or(i64::MAX)))
}

/// What a member's other jobs took tells who asks for a price of a new one only if they all took about as long.
fn tells(expected: &Expectation) -> bool {
    expected.basis != Basis::Member || expected.high.0 <= expected.low.0.saturating_mul(3)
}

fn told(expected: Expectation) -> Expected {
    let of = match expected.basis {
        Basis::Same => "same",
        Basis::Application => "application",
        Basis::Member => "member",
    };
    Expected {
        low_s: expected.low.as_seconds(),
        middle_s: expected.middle.as_seconds(),
        high_s: expected.high.as_seconds(),
        runs: expected.runs,
        of: of.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::Memory;

    use super::*;

    #[test]
    fn a_job_draws_its_cpus_work_and_its_part_of_the_idle_machine() {
        let line = Line { idle: Power::watts(60), per_cpu: Power::watts(10), residual_permille: 0 };
        let check = |cpus: u32, memory: Memory, watts: i64| {
            let request = Request {
                tasks: Some(cpus),
                cpus_per_task: None,
                nodes: None,
                tasks_per_node: None,
                memory,
                gpus: 0,
                gpu_type: None,
                exclusive: false,
                threads_per_core: None,
            };
            assert_eq!(power(&line, &request, (16, 32_000)), Power::watts(watts), "{cpus} {memory:?}");
        };
        check(4, Memory::PerCpu(1000), 40 + 15);
        check(4, Memory::PerNode(16_000), 40 + 30);
        check(4, Memory::Unlimited, 40 + 15);
        check(16, Memory::PerNode(32_000), 160 + 60);
        // It waits for ever, but has a figure.
        check(400, Memory::PerNode(64_000_000), 160 + 60);
    }
}
