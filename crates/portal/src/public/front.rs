//! The front page: what this centre is, as it is now. Its middle is a part of its own, which browsers ask for again every
//! few seconds and get only when it is another one.

use api::{Ask, Board, BoardJob, BoardReply, BoardRequest, PortalReply};
use askama::Template;
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};

use model::Time;

use super::{machine, park};
use crate::{
    chart::{Curve, Look, Series, Unit},
    door::DoorError,
    fault::Fault,
    live,
    page::show,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "public/front.html")]
struct Front<'a> {
    visit: &'a Visit,
    now: Now<'a>,
    join: &'a str,
    power: String,
}

/// What changes.
#[derive(Template)]
#[template(path = "public/now.html")]
struct Now<'a> {
    visit: &'a Visit,
    board: &'a Board,
    machine: String,
    jobs: Vec<Told>,
}

/// A job in words.
pub(super) struct Told {
    /// Its sign in the drawing.
    pub sign: char,
    /// The class of its colour.
    pub colour: String,
    /// What it is.
    pub what: String,
    /// What is known of its project, if it agreed.
    pub about: String,
    /// How much it has, and since when.
    pub how: String,
}

impl<'a> Now<'a> {
    fn new(visit: &'a Visit, board: &'a Board) -> Self {
        Self { visit, board, machine: picture(visit, board), jobs: told(visit, board.now, &board.jobs) }
    }

    fn cores(&self) -> usize {
        cores(self.board).1
    }

    fn busy(&self) -> usize {
        cores(self.board).0
    }

    /// How the machines of a cluster are, in words.
    fn park(&self) -> String {
        park::told(self.visit.words(), &self.board.nodes)
    }

    /// What a core-hour costs, in words.
    fn price(&self) -> String {
        let words = self.visit.words();
        match self.board.core_hour_microeur {
            None | Some((0, 0)) => self.visit.t("front-price-none"),
            Some((least, most)) if least == most => words.money(least),
            Some((least, most)) => self
                .visit
                .tw("front-price-range", &[("least", words.money(least).into()), ("most", words.money(most).into())]),
        }
    }
}

/// The machine, or the cluster's machines, drawn.
pub(super) fn picture(visit: &Visit, board: &Board) -> String {
    match board.nodes.is_empty() {
        true => machine::draw(visit.words(), &board.cores),
        false => park::draw(visit.words(), &board.nodes),
    }
}

/// How many cores compute, and how many there are.
pub(super) fn cores(board: &Board) -> (usize, usize) {
    let busy = board.cores.iter().filter(|core| core.job.is_some()).count();
    let of_nodes = |of: fn(&api::BoardNode) -> u32| board.nodes.iter().map(|node| of(node) as usize).sum::<usize>();
    (busy + of_nodes(|node| node.busy), board.cores.len() + of_nodes(|node| node.cores))
}

/// How to become a member, in the operator's words, if there are some.
pub(super) fn join<'a>(visit: &Visit, board: &'a Board) -> &'a str {
    &board.join[usize::from(visit.lang() == "en")]
}

/// Jobs that run, in words: nobody learns of which project they are that did not agree.
pub(super) fn told(visit: &Visit, now: Time, jobs: &[BoardJob]) -> Vec<Told> {
    let words = visit.words();
    let tell = |(job, at): (&BoardJob, u16)| {
        let since = words.span((now - job.since).0);
        let gaps = [("cores", job.cores.into()), ("since", since.into())];
        let (what, about) = match &job.project {
            Some((name, description)) => {
                (visit.tw("front-job-of", &[("project", name.as_str().into())]), description.clone())
            }
            None => (visit.t("front-job"), String::new()),
        };
        let how = visit.tw(if job.is_suspended { "front-job-suspended" } else { "front-job-how" }, &gaps);
        Told { sign: machine::sign(at), colour: machine::colour(at), what, about, how }
    };
    jobs.iter().zip(0..).map(tell).collect()
}

/// The centre at this instant.
pub(super) async fn board(visit: &Visit) -> Result<Board, Fault> {
    match visit.ask(Ask::Board(BoardRequest::Now)).await? {
        PortalReply::Board(BoardReply::Now(board)) => Ok(*board),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// The page; members begin at their own.
pub(super) async fn page(visit: Visit) -> Result<Response, Fault> {
    if visit.is_member() && visit.path == "/" {
        return Ok(Redirect::to("/home").into_response());
    }
    let board = board(&visit).await?;
    let power = if board.past.power.iter().any(|(_, power)| power.is_some()) {
        power(&visit, &board).draw(visit.words())
    } else {
        String::new()
    };
    show(&Front { visit: &visit, now: Now::new(&visit, &board), join: join(&visit, &board), power })
}

/// What changes of it.
pub(super) async fn now(visit: Visit, headers: HeaderMap) -> Result<Response, Fault> {
    let board = board(&visit).await?;
    live::part(&headers, &Now::new(&visit, &board))
}

/// Power over the last day.
fn power(visit: &Visit, board: &Board) -> Curve<'static> {
    let (times, values): (Vec<i64>, Vec<Option<i64>>) =
        board.past.power.iter().map(|(at, power)| (at.0, *power)).unzip();
    Curve {
        id: "power",
        title: visit.t("front-power"),
        from: board.now.0 - 86_400_000,
        until: board.now.0,
        times,
        series: vec![Series { name: visit.t("front-machine"), values }],
        unit: Unit::Power,
        look: Look::Stacked,
        shades: Vec::new(),
        limit: None,
    }
}
