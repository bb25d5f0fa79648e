//! What everybody may see of the centre, and where its energy went: what the loop knows is told at once, what is in the
//! file is read on the archive's thread ([`past`]). Must not know pages.

mod machines;
mod park;
mod past;

use std::sync::{Arc, Mutex, PoisonError};

use api::{Board, BoardCore, BoardJob, BoardReply, BoardRequest, PortalReply, Refusal, RefusalCode, Reply, Role};
use energy::period::Period;
use jiff::civil::Date;
use model::{CpuSet, RunId, Span, Time};
use scheduler::Placement;

pub(crate) use past::{BoardQuestion, reply};

use super::{caller::Caller, roles::Action};
use crate::{
    connection::ConnId,
    core::{Centre, refuse},
    reading::Question,
};

/// So many jobs are listed; the cores of others are in use by "another".
const MOST_JOBS: usize = 48;

/// What was last read for the front page is good for so long.
const FRESH: Span = Span::seconds(10);

/// What was last read for the front page, and when. The archive's thread writes it.
pub(crate) type Known = Arc<Mutex<Option<(Time, api::BoardPast)>>>;

/// Which action is a request?
pub(super) fn action(request: &BoardRequest) -> Action {
    match request {
        // Sums of the machine are no secret: `/metrics` shows them, too.
        BoardRequest::Now | BoardRequest::Machines { .. } | BoardRequest::Energy { .. } => Action::SeePublic,
        BoardRequest::EnergyOfProjects { .. } | BoardRequest::EnergyOfProject { .. } => Action::Look,
    }
}

impl Centre {
    pub(super) fn board_asked(&mut self, conn: ConnId, caller: &Caller, request: BoardRequest) -> Result<(), Refusal> {
        let question = match request {
            BoardRequest::Now => return self.board_now(conn),
            BoardRequest::Machines { name, after, limit } => {
                self.board_machines(conn, caller, name.as_deref(), after.as_deref(), limit);
                return Ok(());
            }
            BoardRequest::Energy { period, machine } => {
                let (period, from, until) = self.time_of(period.as_deref(), Period::Day)?;
                let (now, electricity, meters) = (self.now, self.electricity.clone(), self.meter_rows());
                BoardQuestion::Energy { period, machine, from, until, now, electricity, meters }
            }
            BoardRequest::EnergyOfProjects { period } => {
                let (period, from, until) =
                    self.time_of(period.as_deref(), |day| Period::Month(day.first_of_month()))?;
                let projects = self.projects_seen(caller);
                let zone = self.electricity.zone.clone();
                BoardQuestion::Projects { period, from, until, now: self.now, projects, zone }
            }
            BoardRequest::EnergyOfProject { project, period } => {
                let (period, from, until) =
                    self.time_of(period.as_deref(), |day| Period::Month(day.first_of_month()))?;
                // Whether there is such a project is nothing to those who do not belong to it.
                if !self.projects_seen(caller).contains(&project) {
                    return Err(refuse(RefusalCode::AccessDenied, ""));
                }
                let known = self.people.projects.iter().find(|known| known.name == project);
                let description = known.map_or_else(String::new, |known| known.description.clone());
                let zone = self.electricity.zone.clone();
                BoardQuestion::Project { project, description, period, from, until, now: self.now, zone }
            }
        };
        self.archive.ask(conn, Question::Board(Box::new(question)));
        Ok(())
    }

    /// A period as it was asked for, else the one of today; its first instant, and the first after it.
    fn time_of(&self, asked: Option<&str>, of_day: fn(Date) -> Period) -> Result<(Period, Time, Time), Refusal> {
        let zone = &self.electricity.zone;
        let period = match asked {
            Some(text) => text.parse().map_err(|wrong: String| refuse(RefusalCode::InvalidTime, wrong))?,
            None => of_day(past::local(self.now, zone).date()),
        };
        let bounds = period.bounds(zone).ok_or_else(|| refuse(RefusalCode::InvalidTime, period.to_string()));
        bounds.map(|(from, until)| (period, from, until))
    }

    /// The projects whose energy somebody may see: those that they belong to or answer for; operators and treasurers all.
    fn projects_seen(&mut self, caller: &Caller) -> Vec<String> {
        let all = caller.is(Role::Operator) || caller.is(Role::Treasurer);
        let user = caller.account.map(|uid| self.people.name(uid));
        let belongs = |name: &str| {
            let mut members = self.people.members.iter();
            members.any(|member| Some(member.user.as_str()) == user.as_deref() && member.project == name)
        };
        let names = self.people.projects.iter().map(|project| project.name.clone());
        names.filter(|name| all || caller.leads(name) || belongs(name)).collect()
    }

    fn board_now(&mut self, conn: ConnId) -> Result<(), Refusal> {
        let mut board = Box::new(self.board());
        let known = self.board_known.clone();
        let kept = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, past)) = kept.filter(|(at, _)| self.now - *at < FRESH && *at <= self.now) {
            debug_assert!(at <= self.now);
            board.past = past;
            let reply = PortalReply::Board(BoardReply::Now(board));
            self.reply(conn, &Reply::Portal(Box::new(reply)));
            return Ok(());
        }
        let (_, midnight, _) = self.time_of(None, Period::Day)?;
        let question = BoardQuestion::Now { board, midnight, electricity: self.electricity.clone(), known };
        self.archive.ask(conn, Question::Board(Box::new(question)));
        Ok(())
    }

    /// What the loop knows.
    fn board(&self) -> Board {
        let board = self.board_of_this_machine();
        match &self.cluster {
            Some(cluster) => self.board_of_cluster(cluster, board),
            None => board,
        }
    }

    fn board_of_this_machine(&self) -> Board {
        let machine = &self.state.config().machine;
        let load = self.state.machine_use();
        let (jobs, sets) = self.board_jobs();
        let holder = |threads: &[u32]| {
            sets.iter().position(|cpus| threads.iter().any(|cpu| cpus.contains(*cpu))).and_then(|at| at.try_into().ok())
        };
        let cores = machine.cores.iter().map(|core| BoardCore { socket: core.socket, job: holder(&core.threads) });
        Board {
            centre: self.name.clone(),
            now: self.now,
            machine: self.node.to_string(),
            cores: cores.collect(),
            nodes: Vec::new(),
            memory_mib: machine.memory_mib,
            memory_used_mib: load.memory_allocated_mib,
            gpus: machine.gpus.len() as u32,
            gpus_used: load.gpus_allocated,
            is_drained: load.drained.is_some(),
            jobs,
            running: load.running as u32,
            waiting: self.waiting(),
            power_mw: self.drawn_now(),
            microeur_per_kwh: self.electricity.book.at(self.now).rate.microeur_per_kwh,
            core_hour_microeur: self.core_hour(),
            join: self.file.portal.join.0.clone(),
            past: api::BoardPast::default(),
        }
    }

    /// What this machine draws, if anything tells it.
    fn drawn_now(&self) -> Option<i64> {
        let latest = self.metering.as_ref().and_then(|metering| metering.latest);
        let measured = latest.filter(|interval| interval.flag.is_measured() && interval.span().0 > 0);
        measured.map(|interval| interval.energy.mean(interval.span()).0)
    }

    /// What runs, the greatest first: as everybody may see those that can be listed, and the CPUs of all.
    fn board_jobs(&self) -> (Vec<BoardJob>, Vec<&CpuSet>) {
        let runs = self.greatest_runs();
        let listed = runs.iter().take(MOST_JOBS);
        let jobs = listed.map(|(run, placement, start)| self.board_job(*run, placement, *start)).collect();
        (jobs, runs.into_iter().map(|(_, placement, _)| &placement.cpus).collect())
    }

    /// What runs, the greatest first.
    fn greatest_runs(&self) -> Vec<(RunId, &Placement, Time)> {
        let mut runs: Vec<_> = self.state.runs().collect();
        runs.sort_by_key(|(run, placement, start)| (std::cmp::Reverse(placement.cpus.len()), *start, *run));
        runs
    }

    /// A run as everybody may see it.
    fn board_job(&self, run: RunId, placement: &Placement, start: Time) -> BoardJob {
        let per_core = self.state.config().machine.threads_per_core().max(1);
        let job = self.state.job(run.job);
        let account = job.map(|job| job.account().to_string()).unwrap_or_default();
        let project = self.people.projects.iter().find(|project| project.public && project.name == account);
        BoardJob {
            project: project.map(|project| (project.name.clone(), project.description.clone())),
            cores: (placement.cpus.len() as u32).div_ceil(per_core),
            since: start,
            until: job.and_then(|job| job.time_limit().span()).map(|limit| start + limit),
            is_suspended: job.is_some_and(|job| job.suspended_since().is_some()),
        }
    }
}
