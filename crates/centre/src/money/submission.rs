//! What a job may cost at most, and whether its project can pay that. Must not know queues.

use api::{Refusal, RefusalCode};
use ledger::{
    book,
    budget::{self, Deed, Role},
    posting::What,
    price::{Line, Usage, price},
    tariff::Category,
};
use model::{JobId, JobSpec, Money as Euros, Request, RunId, Span, Time};

use super::{
    Entered,
    holds::{array_run, scaled},
};
use crate::core::{Centre, refuse};

/// A submission that has a price.
pub(crate) struct Offered {
    project: String,
    category: Category,
    /// Of each task, at most.
    unit: Vec<Line>,
    tasks: u64,
    is_array: bool,
}

impl Offered {
    /// What all of it may cost at most.
    pub(crate) fn greatest(&self) -> Euros {
        book::gross(&scaled(&self.unit, self.tasks)).amount
    }

    /// The tariff of its first hour.
    pub(crate) fn tariff(&self) -> &str {
        self.unit.first().map_or("", |line| &line.tariff)
    }
}

impl Centre {
    /// What a submission would cost if each of its tasks ran so long and used so much, micro-euros.
    pub(crate) fn would_pay(&self, offered: &Offered, request: &Request, run: Span, energy_uj: i64) -> Option<i64> {
        let lines = self.priced(offered.category, request, self.now, run, energy_uj).ok()?;
        Some(book::gross(&scaled(&lines, offered.tasks)).amount.0)
    }

    /// What a submission may cost, where its project pays for its jobs.
    ///
    /// # Errors
    /// Who may not submit, or why there is no price.
    pub(crate) fn offer(&self, spec: &JobSpec) -> Result<Option<Offered>, Refusal> {
        let role = self.money.roles.get(&(spec.owner.user.clone(), spec.account.clone()));
        if role.is_some_and(|role: &Role| !role.may(Deed::Submit)) {
            let text = format!("you look at project {} and do not submit for it: ask its manager", spec.account);
            return Err(refuse(RefusalCode::Other, text));
        }
        let Some((_, customer)) = self.money.payer(&spec.account) else { return Ok(None) };
        if self.money.tariffs.is_none() {
            return Ok(None);
        }
        if let Some(why) = &self.money.broken {
            let text = format!("project {} pays for its jobs, and the ledger is closed: {why}", spec.account);
            return Err(refuse(RefusalCode::Other, text));
        }
        let Some(limit) = spec.time_limit.span() else {
            let text = format!("project {} pays for its jobs, so each needs a time limit: add --time", spec.account);
            return Err(refuse(RefusalCode::Other, text));
        };
        let unit = self.greatest(customer.category, &spec.request, self.now, limit)?;
        let tasks = spec.array.as_ref().map_or(1, |array| array.tasks.len());
        let is_array = spec.array.is_some();
        Ok(Some(Offered { project: spec.account.clone(), category: customer.category, unit, tasks, is_array }))
    }

    /// Whether the project's budgets cover it.
    ///
    /// # Errors
    /// Which does not, and how much is missing.
    pub(crate) fn covered(&self, offered: &Offered) -> Result<(), Refusal> {
        let Some(purse) = self.money.purses.get(&offered.project) else { return Ok(()) };
        let project = self.money.ledger.project(&offered.project);
        let lines = scaled(&offered.unit, offered.tasks);
        let mut cost = book::gross(&lines);
        let pots =
            book::deductions(&lines, project.free()).map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))?;
        cost.amount -= pots.iter().map(|one| one.amount).sum();
        let today = self.money.day(self.now);
        budget::cover(&offered.project, &purse.budgets, project, cost, today)
            .map_err(|refusal| refuse(RefusalCode::Other, refusal.to_string()))
    }

    /// Sets aside what a submission may cost: an array's as one sum, which each task takes its part from when it leaves
    /// the array's record.
    pub(crate) fn set_aside(&mut self, id: JobId, offered: &Offered) {
        let run = if offered.is_array { array_run(id, 0) } else { RunId { job: id, attempt: 0 } };
        let lines = scaled(&offered.unit, offered.tasks);
        if self.hold_money(run, &offered.project, &lines) {
            self.money.holds.priced.insert(id);
            if offered.is_array {
                self.money.holds.arrays.insert(id, (0, offered.tasks));
            }
        }
    }

    /// Sets aside what a run may cost.
    pub(super) fn hold_money(&mut self, run: RunId, project: &str, greatest: &[Line]) -> bool {
        let day = self.money.day(self.now);
        match book::reserve(&self.money.ledger, project, run, greatest) {
            Ok(reserve) => self.enter_own(day, What::Reserve(reserve)) == Entered::Now,
            Err(fault) => {
                crate::complain::complain!("nothing is set aside for run {run}: {fault}");
                false
            }
        }
    }

    /// The lines of the greatest case: up to the limit, at full power.
    ///
    /// # Errors
    /// There is no price for it.
    pub(super) fn greatest(
        &self,
        category: Category,
        request: &Request,
        start: Time,
        limit: Span,
    ) -> Result<Vec<Line>, Refusal> {
        self.priced(category, request, start, limit, self.most_power(request).saturating_mul(limit.0))
    }

    /// The lines of what a request holds for a while.
    fn priced(
        &self,
        category: Category,
        request: &Request,
        start: Time,
        run: Span,
        energy_uj: i64,
    ) -> Result<Vec<Line>, Refusal> {
        let Some(book) = &self.money.tariffs else { return Ok(Vec::new()) };
        let usage = Usage {
            machine: self.machine_type(),
            start,
            end: start + run,
            cores: self.cores_of(request),
            memory_mib: request.memory_mib(request.cpus()).unwrap_or(0),
            gpus: request.gpus,
            exclusive: request.exclusive,
            energy_uj,
            stored_mib: 0,
        };
        price(book, category, &[usage]).map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))
    }

    /// Type of this machine, as the tariffs name it.
    pub(super) fn machine_type(&self) -> String {
        self.file.money.machine.clone().unwrap_or_else(|| self.node.to_string())
    }

    /// Physical cores that a request will hold.
    fn cores_of(&self, request: &Request) -> u32 {
        if let Some(cluster) = &self.cluster {
            return cluster.cores_of(request);
        }
        let machine = &self.state.config().machine;
        let all = machine.cores.len() as u32;
        if request.exclusive {
            return all;
        }
        let each = request.threads_per_core.unwrap_or(u32::MAX).min(machine.threads_per_core()).max(1);
        request.cpus().div_ceil(each).min(all)
    }

    /// The most that a request can draw, milliwatts: as the machine was measured, else its part of what the operator says
    /// that the machine cannot draw more than. Without meters nothing is counted.
    fn most_power(&self, request: &Request) -> i64 {
        if self.metering.is_none() {
            return 0;
        }
        let part = i64::from(self.cores_of(request)) * 1000 / (self.state.config().machine.cores.len() as i64).max(1);
        let most = i64::from(self.file.energy.max_watts).saturating_mul(part);
        self.draw_of(request).map_or(most, |(power, _)| power.0.saturating_mul(SURE_PERMILLE) / 1000)
    }
}

/// A meter may say somewhat more than the line through what was measured: so many thousandths are set aside.
const SURE_PERMILLE: i64 = 1_250;
