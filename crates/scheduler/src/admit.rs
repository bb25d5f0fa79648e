//! Letting submissions in: defaults are filled in, and what can never be accepted is refused at once. What merely
//! cannot run now, or under the present configuration, is accepted and waits, as under Slurm.

use model::{JobId, JobSpec, Memory, Request, TimeLimit};

use crate::config::Partition;
use crate::event::Change;
use crate::placement::has_memory_when_empty;
use crate::refusal::Refusal;
use crate::state::State;

/// Names of projects, partitions and the like that are remembered at most.
const MOST_NAMES: usize = 10_000;

impl State {
    /// Fills in defaults (partition, QOS, time limit, memory) and refuses what can never be accepted.
    ///
    /// Operators (`is_operator`) may use every QOS, a negative nice value, and set priorities.
    ///
    /// # Errors
    /// [`Refusal`] says what cannot be.
    pub fn admit(&self, mut spec: JobSpec, is_operator: bool) -> Result<JobSpec, Refusal> {
        let config = &self.rules.config;
        if self.waiting_and_running() >= config.max_jobs as usize {
            return Err(Refusal::TooManyJobs { limit: config.max_jobs });
        }
        self.admit_number(&spec, is_operator)?;
        self.admit_name(&spec.account)?;
        let partition = self.choose_partition(&spec)?;
        spec.partition = partition.name.clone();
        if spec.qos.is_empty() {
            spec.qos = self.rules.default_qos().map(|qos| qos.name.clone()).unwrap_or_default();
        }
        self.admit_qos(&spec.qos, is_operator)?;
        if spec.nice < 0 && !is_operator {
            return Err(Refusal::InvalidNice);
        }
        if spec.priority.is_some_and(|priority| priority > 0) && !is_operator {
            return Err(Refusal::PriorityDenied);
        }
        if spec.request.memory == Memory::Default {
            spec.request.memory = match partition.default_memory {
                Memory::Default => Memory::Unlimited,
                memory => memory,
            };
        }
        spec.time_limit = default_time(spec.time_limit, partition)?;
        if spec.time_min.zip(spec.time_limit.span()).is_some_and(|(least, limit)| least > limit) {
            return Err(Refusal::TimeLimit);
        }
        self.admit_array(&spec)?;
        self.admit_resources(&spec.request, spec.hold || spec.priority == Some(0))?;
        if let Some(features) = spec.features.as_ref().filter(|features| !features.is_empty()) {
            return Err(Refusal::InvalidFeature(features.clone()));
        }
        if let Some(name) = &spec.reservation {
            self.admit_reservation(name, &spec.owner.user, &spec.account)?;
        }
        Ok(spec)
    }

    /// The first partition of the list (`a,b`) that this user may use; all of them must exist.
    fn choose_partition(&self, spec: &JobSpec) -> Result<&Partition, Refusal> {
        let unknown = |name: &str| Refusal::InvalidPartition(name.to_owned());
        if spec.partition.is_empty() {
            let partition = self.rules.default_partition().ok_or_else(|| unknown(""))?;
            return allow(partition, &spec.owner.user, &spec.account).map(|()| partition);
        }
        let mut denied = None;
        let mut chosen = None;
        for name in spec.partition.split(',') {
            let partition = self.rules.partition(name).ok_or_else(|| unknown(name))?;
            match allow(partition, &spec.owner.user, &spec.account) {
                Ok(()) => chosen = chosen.or(Some(partition)),
                Err(refusal) => denied = denied.or(Some(refusal)),
            }
        }
        chosen.ok_or_else(|| denied.unwrap_or_else(|| unknown(&spec.partition)))
    }

    /// Says whether a change of a wish can be accepted from an owner or an operator (`is_operator`).
    ///
    /// # Errors
    /// [`Refusal`] says what cannot be; whether it comes too late in the job's life is said by [`State::apply`].
    pub fn admit_change(&self, id: JobId, change: &Change, is_operator: bool) -> Result<(), Refusal> {
        let job = self.jobs.get(&id).ok_or(Refusal::ChangeDenied(id))?;
        let traits = &self.class_of(job).traits;
        let user = &self.owners.get(traits.owner).user;
        let account = self.names.text(traits.account);
        match change {
            Change::TimeLimit(TimeLimit::Default) => Err(Refusal::TimeLimit),
            Change::TimeLimit(TimeLimit::Span(span)) if span.0 <= 0 => Err(Refusal::TimeLimit),
            Change::TimeLimit(limit) if !is_operator => {
                let longer = match (limit.span(), traits.time_limit.span()) {
                    (_, None) => false,
                    (None, Some(_)) => true,
                    (Some(new), Some(old)) => new > old,
                };
                if longer { Err(Refusal::TimeLimit) } else { Ok(()) }
            }
            Change::Priority(priority) if *priority > 0 && !is_operator => Err(Refusal::PriorityDenied),
            Change::Nice(nice) if *nice < traits.nice && !is_operator => Err(Refusal::InvalidNice),
            Change::Partition(name) => {
                let partition = self.rules.partition(name).ok_or_else(|| Refusal::InvalidPartition(name.clone()))?;
                allow(partition, user, account)
            }
            Change::Account(account) if self.admit_name(account).is_err() => self.admit_name(account),
            Change::Account(account) => match self.rules.partition(self.names.text(traits.partition)) {
                Some(partition) => allow(partition, user, account),
                None => Ok(()),
            },
            Change::Qos(name) => self.admit_qos(name, is_operator),
            Change::Reservation(Some(name)) => self.admit_reservation(name, user, account),
            Change::Needs(request) => self.admit_resources(request, job.hold.is_some()),
            Change::TimeMin(least) if traits.time_limit.span().is_some_and(|limit| *least > limit) => {
                Err(Refusal::TimeLimit)
            }
            _ => Ok(()),
        }
    }

    fn admit_qos(&self, name: &str, is_operator: bool) -> Result<(), Refusal> {
        let qos = self.rules.qos(name).ok_or_else(|| Refusal::InvalidQos(name.to_owned()))?;
        if qos.operators_only && !is_operator {
            return Err(Refusal::QosDenied(name.to_owned()));
        }
        Ok(())
    }

    fn admit_reservation(&self, name: &str, user: &str, account: &str) -> Result<(), Refusal> {
        let known = self.names.find(name).and_then(|name| self.reservations.get(&name));
        let reservation = known.ok_or_else(|| Refusal::ReservationInvalid(name.to_owned()))?;
        if reservation.admits(user, account) { Ok(()) } else { Err(Refusal::ReservationDenied(name.to_owned())) }
    }

    /// Nobody's jobs fill the queue alone.
    fn admit_number(&self, spec: &JobSpec, is_operator: bool) -> Result<(), Refusal> {
        let limit = self.rules.config.max_submit_per_user;
        let has = self.submitted.get(&spec.owner.uid).copied().unwrap_or(0);
        let more = spec.array.as_ref().map_or(1, |array| array.tasks.len());
        if is_operator || has.saturating_add(more) <= u64::from(limit) {
            return Ok(());
        }
        Err(Refusal::TooManyOfUser { limit })
    }

    /// A centre without projects takes every name, but not without end: names are remembered.
    fn admit_name(&self, account: &str) -> Result<(), Refusal> {
        if self.names.find(account).is_none() && self.names.len() >= MOST_NAMES {
            return Err(Refusal::InvalidAccount(account.to_owned()));
        }
        Ok(())
    }

    fn admit_array(&self, spec: &JobSpec) -> Result<(), Refusal> {
        let limit = self.rules.config.max_array;
        let Some(array) = &spec.array else { return Ok(()) };
        match array.tasks.last() {
            Some(last) if last < limit && array.tasks.len() <= u64::from(limit) => Ok(()),
            _ => Err(Refusal::ArrayTooLarge { limit }),
        }
    }

    /// Too many CPUs, tasks or nodes wait for ever (`PartitionConfig`); too much memory is refused unless the job is
    /// held, and only where it is the memory alone that is too much; GPUs that are not there are refused.
    fn admit_resources(&self, request: &Request, held: bool) -> Result<(), Refusal> {
        let need = self.rules.need(request);
        let topology = &self.rules.topology;
        let unknown_kind = request.gpu_type.is_some() && need.gpu_kind.is_none();
        let gpus = match need.gpu_kind {
            Some(kind) => topology.total.gpus[kind as usize],
            None => topology.total.gpu_count(),
        };
        if request.gpus > gpus || (request.gpus > 0 && unknown_kind) {
            return Err(Refusal::InvalidGres);
        }
        let too_much = match request.memory {
            Memory::PerNode(mib) => mib > topology.total.memory,
            _ => false,
        } || (need.cores_fit(&topology.total, topology) && !has_memory_when_empty(&need, topology));
        if too_much && !held {
            return Err(Refusal::NodeConfigUnavailable { memory: true });
        }
        Ok(())
    }

    /// Records that are not over.
    pub(crate) fn waiting_and_running(&self) -> usize {
        self.jobs.len() - self.index.done.len()
    }
}

fn allow(partition: &Partition, user: &str, account: &str) -> Result<(), Refusal> {
    let listed = |list: &[String], name: &str| list.is_empty() || list.iter().any(|allowed| allowed == name);
    if !listed(&partition.allow_users, user) {
        return Err(Refusal::PartitionDenied(partition.name.clone()));
    }
    if !listed(&partition.allow_accounts, account) {
        return Err(Refusal::InvalidAccount(account.to_owned()));
    }
    Ok(())
}

/// The limit asked for, else the partition's default, else its greatest.
fn default_time(asked: TimeLimit, partition: &Partition) -> Result<TimeLimit, Refusal> {
    let chosen = [asked, partition.default_time, partition.max_time].into_iter();
    match chosen.into_iter().find(|limit| *limit != TimeLimit::Default).unwrap_or(TimeLimit::Unlimited) {
        TimeLimit::Span(span) if span.0 <= 0 => Err(Refusal::TimeLimit),
        limit => Ok(limit),
    }
}
