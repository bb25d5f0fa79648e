//! What is played, in this order. Each chapter begins with a queue that is empty and leaves it so.

mod crashes;
mod grow;
mod machines;
mod mpi;
mod urgent;

use anyhow::Result;

use super::evidence::Evidence;
use super::slurm::Cluster;

/// One chapter.
pub struct Chapter {
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub play: fn(&mut Cluster, &mut Evidence) -> Result<()>,
}

pub const ALL: &[Chapter] = &[grow::CHAPTER, machines::CHAPTER, mpi::CHAPTER, urgent::CHAPTER, crashes::CHAPTER];
