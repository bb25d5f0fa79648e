//! The machines one by one: for everybody what each does and whether it is well, for who runs the centre what it says of
//! itself.

use api::{
    AgentRow, Ask, BoardReply, BoardRequest, BoardState, MachineHealth, MachineShown, MachinesBoard, PortalReply,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;

use super::{
    front::{Told, told},
    park,
};
use crate::{
    door::DoorError,
    fault::Fault,
    live,
    page::{quoted, show},
    visit::Visit,
};

/// So many on a page.
const A_PAGE: u32 = 60;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// Only machines behind this one.
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "public/machines.html")]
struct Machines<'a> {
    visit: &'a Visit,
    live: String,
    part: Part<'a>,
}

/// What changes.
#[derive(Template)]
#[template(path = "public/machines_now.html")]
struct Part<'a> {
    visit: &'a Visit,
    board: &'a MachinesBoard,
}

#[derive(Template)]
#[template(path = "public/machine.html")]
struct OneMachine<'a> {
    visit: &'a Visit,
    board: &'a MachinesBoard,
    machine: &'a MachineShown,
}

/// The class of a state's badge, and the key of its words.
fn look(state: Option<BoardState>) -> (&'static str, &'static str) {
    match state {
        Some(BoardState::Busy) => ("badge-running", "machine-busy"),
        Some(BoardState::Free) => ("badge-pending", "machine-free"),
        Some(BoardState::Drained) => ("badge-held", "machine-drained"),
        Some(BoardState::Off) => ("badge-off", "machine-off"),
        Some(BoardState::Switching) => ("badge-configuring", "machine-switching"),
        Some(BoardState::Down) => ("badge-bad", "machine-down"),
        None => ("badge-off", "machine-reports"),
    }
}

fn health(health: MachineHealth) -> (&'static str, &'static str) {
    match health {
        MachineHealth::Unknown => ("badge-off", "machine-health-unknown"),
        MachineHealth::Good => ("badge-ok", "machine-health-good"),
        MachineHealth::Bad => ("badge-bad", "machine-health-bad"),
        MachineHealth::Silent => ("badge-warn", "machine-health-silent"),
    }
}

/// What a probe found, as a badge.
fn finding(state: &str) -> (&'static str, &'static str) {
    match state {
        "good" => ("badge-ok", "machine-probe-good"),
        "bad" => ("badge-bad", "machine-probe-bad"),
        _ => ("badge-off", "machine-probe-unknown"),
    }
}

/// A badge with its words.
fn badge(visit: &Visit, (class, key): (&str, &str)) -> String {
    format!("<span class=\"badge {class}\">{}</span>", crate::chart::escape(&visit.t(key)))
}

/// How much of a machine jobs have, in words.
fn used(visit: &Visit, machine: &MachineShown) -> String {
    let words = visit.words();
    let cores = visit.tw("machine-cores", &[("busy", machine.busy.into()), ("cores", machine.cores.into())]);
    let all = words.memory(machine.memory_mib);
    let memory = match machine.memory_used_mib {
        Some(used) => visit.tw("machine-memory-used", &[("used", words.memory(used).into()), ("all", all.into())]),
        None => visit.tw("machine-memory", &[("all", all.into())]),
    };
    let gpus = visit.tw("front-gpus", &[("used", machine.gpus_used.into()), ("all", machine.gpus.into())]);
    let parts = [(true, cores), (machine.memory_mib > 0, memory), (machine.gpus > 0, gpus)];
    parts.into_iter().filter(|(is_known, _)| *is_known).map(|(_, text)| text).collect::<Vec<_>>().join(" · ")
}

/// What a machine draws, in words.
fn power(visit: &Visit, machine: &MachineShown) -> String {
    machine.power_mw.map_or_else(|| visit.t("machine-no-power"), |power| visit.words().power(power))
}

/// How a machine's clock goes, in words, where it is wrong by more than anybody would see.
fn clock(visit: &Visit, report: &AgentRow) -> Option<String> {
    let ahead_ms = report.clock_ms.filter(|ahead| ahead.abs() >= 1000)?;
    let key = if ahead_ms < 0 { "machine-behind" } else { "machine-ahead" };
    Some(visit.tw(key, &[("span", visit.words().span(ahead_ms.abs()).into())]))
}

impl Part<'_> {
    /// `7 machines: 3 compute, 2 are off`
    fn told(&self) -> String {
        park::told_of(self.visit.words(), &self.board.states)
    }

    fn jobs(&self, machine: &MachineShown) -> Vec<Told> {
        told(self.visit, self.board.now, &machine.jobs)
    }

    /// How many run there that are not listed.
    fn others(&self, machine: &MachineShown) -> u32 {
        machine.running.saturating_sub(machine.jobs.len() as u32)
    }

    /// Where the page goes on.
    fn next(&self) -> Option<String> {
        let last = self.board.machines.last().filter(|_| self.board.more)?;
        Some(format!("/machines?after={}", quoted(&last.name)))
    }
}

impl OneMachine<'_> {
    fn part(&self) -> Part<'_> {
        Part { visit: self.visit, board: self.board }
    }
}

async fn ask(visit: &Visit, name: Option<String>, after: Option<String>) -> Result<MachinesBoard, Fault> {
    match visit.ask(Ask::Board(BoardRequest::Machines { name, after, limit: A_PAGE })).await? {
        PortalReply::Board(BoardReply::Machines(board)) => Ok(*board),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// All of them.
pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let live = asked
        .after
        .as_ref()
        .map_or_else(|| "/live/machines".to_owned(), |after| format!("/live/machines?after={}", quoted(after)));
    let board = ask(&visit, None, asked.after).await?;
    show(&Machines { visit: &visit, live, part: Part { visit: &visit, board: &board } })
}

/// What changes of it.
pub(super) async fn now(visit: Visit, Query(asked): Query<Asked>, headers: HeaderMap) -> Result<Response, Fault> {
    let board = ask(&visit, None, asked.after).await?;
    live::part(&headers, &Part { visit: &visit, board: &board })
}

/// One of them.
pub(super) async fn one(visit: Visit, Path(name): Path<String>) -> Result<Response, Fault> {
    let board = ask(&visit, Some(name), None).await?;
    let machine = board.machines.first().ok_or_else(Fault::missing)?;
    show(&OneMachine { visit: &visit, board: &board, machine })
}
