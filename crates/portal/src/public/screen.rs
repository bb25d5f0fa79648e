//! Visit mode: the centre on a screen in the entrance, to be read from five metres and understood at twelve years. Scenes
//! follow one another: by `static/screen.js`, which can be halted, or without it by the page itself (`meta refresh`).

use api::Board;
use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use super::{
    equals,
    front::{self, Told},
};
use crate::{fault::Fault, page::show, visit::Visit};

/// The scenes, in their order.
const SCENES: [&str; 5] = ["now", "machine", "energy", "job", "join"];

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    scene: usize,
    /// Stays at this scene.
    #[serde(default)]
    stay: u8,
}

#[derive(Template)]
#[template(path = "public/screen.html")]
struct Screen<'a> {
    visit: &'a Visit,
    board: &'a Board,
    scene: &'a str,
    at: usize,
    stays: bool,
    join: &'a str,
    machine: String,
    jobs: Vec<Told>,
}

impl Screen<'_> {
    fn next(&self) -> usize {
        (self.at + 1) % SCENES.len()
    }

    fn before(&self) -> usize {
        (self.at + SCENES.len() - 1) % SCENES.len()
    }

    fn count(&self) -> usize {
        SCENES.len()
    }

    fn busy(&self) -> usize {
        front::cores(self.board).0
    }

    fn cores(&self) -> usize {
        front::cores(self.board).1
    }

    /// A job whose project agreed to be named, another one each minute.
    fn job(&self) -> Option<&Told> {
        let named: Vec<&Told> = self.jobs.iter().filter(|job| !job.about.is_empty()).collect();
        let minute = usize::try_from(self.board.now.0 / 60_000).unwrap_or(0);
        named.get(minute % named.len().max(1)).copied()
    }

    /// Litres and kilometres, in tenths: what is nothing is not told.
    fn litres(&self) -> Option<String> {
        self.tenths(equals::litres_10(self.board.past.today.energy_uj).into())
    }

    fn kilometres(&self) -> Option<String> {
        self.tenths(equals::car_km_10(self.board.past.today.energy_uj).into())
    }

    fn tenths(&self, number: i128) -> Option<String> {
        (number > 0).then(|| self.visit.words().decimal(number, 1))
    }

    fn lamp(&self) -> String {
        self.visit.words().span(equals::lamp_ms(self.board.past.today.energy_uj))
    }
}

pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let board = front::board(&visit).await?;
    let at = asked.scene % SCENES.len();
    show(&Screen {
        visit: &visit,
        board: &board,
        scene: SCENES[at],
        at,
        stays: asked.stay > 0,
        join: front::join(&visit, &board),
        machine: front::picture(&visit, &board),
        jobs: front::told(&visit, board.now, &board.jobs),
    })
}
