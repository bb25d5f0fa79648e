//! What is played, in this order. Each chapter begins with a queue that is empty and leaves it so.

mod adopt;
mod budget;
mod crashes;
mod engine;
mod forecast;
mod grow;
mod history;
mod machines;
mod mpi;
mod nodes;
mod orders;
mod polling;
mod portal;
mod saving;
mod totals;
mod urgent;

use anyhow::Result;

use super::centre::{CORE_SECOND_MICROEUR, Used};
use super::evidence::Evidence;
use super::slurm::Cluster;

/// One chapter.
pub struct Chapter {
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub play: fn(&mut Cluster, &mut Evidence) -> Result<()>,
}

pub const ALL: &[Chapter] = &[
    history::CHAPTER,
    grow::CHAPTER,
    engine::CHAPTER,
    orders::CHAPTER,
    portal::CHAPTER,
    machines::CHAPTER,
    mpi::CHAPTER,
    urgent::CHAPTER,
    budget::CHAPTER,
    nodes::CHAPTER,
    crashes::CHAPTER,
    totals::CHAPTER,
    adopt::CHAPTER,
    saving::CHAPTER,
    forecast::CHAPTER,
    // Last: a slurmctld that was told of ten thousand cancelled jobs has once not ended when it was asked to.
    polling::CHAPTER,
];

/// Whether a line of usage costs what its cores do.
fn price_is_right(used: &Used) -> bool {
    let exact = used.core_s * CORE_SECOND_MICROEUR as f64;
    (used.amount_microeur as f64 - exact).abs() <= 0.5
}
