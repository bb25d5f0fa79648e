//! What `scontrol` changes.

use api::{JobTarget, QueueQuery, Reply, Request, ReservationSpec, UpdateChange};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scontrol::{JobChange, NodeState, NumberChange, Request as Asked, ReservationChange, Targets},
};
use model::{Span, TimeLimit};

use super::{Caller, asked, failed, not_supported, tell};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Changes it.
pub fn run(asked: Asked, quiet: bool, caller: &Caller) -> Result<u8, Refusal> {
    let mut centre = caller.call().map_err(|error| failed(error).refusal(Action::Update))?;
    let mut hands = Hands { centre: &mut centre, quiet, caller };
    match asked {
        Asked::Hold(jobs) => hands.each(&jobs, hold, |_, target| Ok(Request::Hold(target))),
        Asked::Release(jobs) => hands.each(&jobs, hold, |_, target| Ok(Request::Release(target))),
        Asked::Requeue { jobs, hold } => hands.each(&jobs, change, |_, target| Ok(Request::Requeue { target, hold })),
        Asked::Suspend(jobs) => hands.each(&jobs, change, |_, target| Ok(Request::Suspend(target))),
        Asked::Resume(jobs) => hands.each(&jobs, change, |_, target| Ok(Request::Resume(target))),
        Asked::UpdateJobs { jobs, changes } => hands.each(&jobs, update, |centre, target| {
            let changes = changes.iter().map(|change| wanted(change, &target, centre)).collect::<Result<_, _>>()?;
            Ok(Request::Update { target, changes })
        }),
        Asked::UpdateNodes { nodes, state, reason } => hands.update_node(&nodes, state, reason),
        Asked::CreateReservation(change) => hands.create_reservation(change),
        Asked::DeleteReservation(name) => {
            let refuse = |error| failed(error).refusal(Action::DeleteReservation { name: &name });
            hands.centre.order(&Request::Unreserve(name.clone())).map_err(refuse)?;
            Ok(0)
        }
        Asked::UpdatePartition { .. } => Err(not_supported("Partitions are changed in config.toml.")),
        Asked::UpdateReservation(_) => Err(not_supported("Delete the reservation and create it again.")),
        _ => Err(not_supported("")),
    }
}

fn hold(job: &str) -> Action<'_> {
    Action::Hold { job }
}

fn change(job: &str) -> Action<'_> {
    Action::ChangeJob { job }
}

fn update(_job: &str) -> Action<'_> {
    Action::Update
}

struct Hands<'a> {
    centre: &'a mut Client,
    quiet: bool,
    caller: &'a Caller,
}

impl Hands<'_> {
    /// One order for each job; what is refused is told, and the others go on.
    fn each(
        &mut self,
        jobs: &Targets,
        action: fn(&str) -> Action<'_>,
        order: impl Fn(&mut Client, JobTarget) -> Result<Request, Refused>,
    ) -> Result<u8, Refusal> {
        let mut exit = 0;
        for (text, target) in self.targets(jobs)? {
            let done = order(self.centre, target).and_then(|request| self.centre.order(&request).map_err(failed));
            if let Err(refused) = done {
                let refusal = refused.refusal(action(&text));
                exit = if self.quiet { refusal.exit } else { tell(&refusal) };
            }
        }
        Ok(exit)
    }

    /// By number, or all jobs of the caller with that name.
    fn targets(&mut self, jobs: &Targets) -> Result<Vec<(String, JobTarget)>, Refusal> {
        match jobs {
            Targets::Jobs(picks) => Ok(picks
                .iter()
                .map(|pick| (pick.text.clone(), JobTarget { id: pick.job, tasks: pick.tasks.clone() }))
                .collect()),
            Targets::Named(name) => {
                let users = Some(vec![self.caller.owner().uid.to_string()]);
                let request = Request::Queue(QueueQuery { users, ..QueueQuery::default() });
                let rows = self.centre.collect(&request, |reply| match reply {
                    Reply::Queue(rows) => Some(rows),
                    _ => None,
                });
                let rows = rows.map_err(|error| failed(error).refusal(Action::LoadJobs))?;
                let named = rows.into_iter().filter(|row| row.name.as_bytes() == name.as_bytes());
                Ok(named.map(|row| (row.id.to_string(), JobTarget { id: row.id, tasks: None })).collect())
            }
        }
    }

    fn update_node(
        &mut self,
        nodes: &[String],
        state: Option<NodeState>,
        reason: Option<String>,
    ) -> Result<u8, Refusal> {
        let refuse = |error| failed(error).refusal(Action::Update);
        let node = asked::node(self.centre).map_err(refuse)?;
        if nodes.iter().any(|name| *name != node && name != "ALL") {
            return Err(Refused::InvalidNodeName.refusal(Action::Update));
        }
        let request = match (state, reason) {
            (Some(NodeState::Resume), _) => Request::Drain(None),
            (Some(NodeState::Drain), Some(reason)) => Request::Drain(Some(reason)),
            (Some(NodeState::Drain), None) => {
                return Err(Refusal::line("You must specify a reason when DRAINING a node. Request denied.", 1));
            }
            (Some(NodeState::Down), _) => return Err(not_supported("Drain the machine, and cancel its jobs.")),
            (None, _) => return Err(not_supported("Only the state of a machine can be changed.")),
        };
        self.centre.order(&request).map_err(refuse)?;
        Ok(0)
    }

    fn create_reservation(&mut self, change: ReservationChange) -> Result<u8, Refusal> {
        let refuse = |error| failed(error).refusal(Action::Reservation { doing: "creating" });
        let before = names(self.centre).map_err(refuse)?;
        let now = self.caller.clock().now;
        self.centre.order(&Request::Reserve(reservation(change, now))).map_err(refuse)?;
        // The centre makes up the name of one that came without.
        let after = names(self.centre).map_err(refuse)?;
        if let Some(fresh) = after.iter().find(|name| !before.contains(name)) {
            console::line(format!("Reservation created: {fresh}"));
        }
        Ok(0)
    }
}

fn names(centre: &mut Client) -> Result<Vec<String>, ClientError> {
    Ok(asked::reservations(centre)?.into_iter().map(|reservation| reservation.name).collect())
}

fn reservation(change: ReservationChange, now: model::Time) -> ReservationSpec {
    // What Slurm calls a reservation without an end lasts a year.
    const NO_END: Span = Span::minutes(365 * 24 * 60);
    let start = change.start.unwrap_or(now);
    let length = change.duration.flatten().unwrap_or(NO_END);
    ReservationSpec {
        name: change.name.unwrap_or_default(),
        start,
        end: change.end.unwrap_or(start + length),
        cores: change.core_count,
        users: change.users.unwrap_or_default(),
        accounts: change.accounts.unwrap_or_default(),
        flags: change.flags.unwrap_or_default(),
    }
}

/// A change in the centre's words.
fn wanted(change: &JobChange, target: &JobTarget, centre: &mut Client) -> Result<UpdateChange, Refused> {
    Ok(match change.clone() {
        JobChange::TimeLimit(limit) => UpdateChange::TimeLimit(time_limit(limit, target, centre)?),
        JobChange::Priority(priority) => UpdateChange::Priority(priority),
        JobChange::Nice(nice) => UpdateChange::Nice(nice),
        JobChange::Name(name) => UpdateChange::Name(name),
        JobChange::Begin(begin) => UpdateChange::Begin(Some(begin)),
        JobChange::Deadline(deadline) => UpdateChange::Deadline(Some(deadline)),
        JobChange::Comment(comment) => UpdateChange::Comment(comment),
        JobChange::Partition(name) => UpdateChange::Partition(name),
        JobChange::Qos(name) => UpdateChange::Qos(name),
        JobChange::Account(name) => UpdateChange::Account(name),
        JobChange::Reservation(name) => UpdateChange::Reservation(Some(name).filter(|name| !name.is_empty())),
        JobChange::Dependency(dependency) => UpdateChange::Dependency(dependency),
        JobChange::ArrayLimit(limit) => UpdateChange::ArrayLimit(limit),
        JobChange::Requeue(requeue) => UpdateChange::Requeue(requeue),
        JobChange::TimeMin(_)
        | JobChange::End(_)
        | JobChange::AdminComment(_)
        | JobChange::Wckey(_)
        | JobChange::Cpus(..)
        | JobChange::Tasks(_)
        | JobChange::CpusPerTask(_)
        | JobChange::Nodes(..)
        | JobChange::Memory(_)
        | JobChange::Features(_)
        | JobChange::MailUser(_)
        | JobChange::Mail(_)
        | JobChange::StdOut(_)
        | JobChange::StdErr(_)
        | JobChange::StdIn(_)
        | JobChange::Workdir(_) => return Err(Refused::NotSupported(String::new())),
    })
}

/// `+=` and `-=` start from what the job has.
fn time_limit(change: NumberChange, target: &JobTarget, centre: &mut Client) -> Result<TimeLimit, Refused> {
    let by = match change {
        NumberChange::To(limit) => return Ok(limit),
        NumberChange::Plus(span) => span.0,
        NumberChange::Minus(span) => -span.0,
    };
    let request = Request::Queue(QueueQuery { targets: Some(vec![target.clone()]), ..QueueQuery::default() });
    let rows = centre.collect(&request, |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    });
    match rows.map_err(failed)?.first().map(|row| row.time_limit) {
        Some(TimeLimit::Span(has)) if has.0 + by > 0 => Ok(TimeLimit::Span(Span(has.0 + by))),
        _ => Err(Refused::InvalidTimeLimit),
    }
}
