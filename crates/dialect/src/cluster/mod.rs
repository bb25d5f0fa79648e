//! What the commands of a real Slurm print, read back: its accounting ([`accounting`]), its queue ([`queue`]), its
//! machines and settings ([`pairs`], [`nodes`]) and its tree of associations ([`tree`]).
//!
//! Only stable surfaces are read: `sacct -p`, `squeue -o`, `scontrol -o`, `sacctmgr -P`. What was tested is 22.05.8; other
//! versions are read by the same names of fields, and a field that is missing says so. Must not know how a command is run.
//!
//! # Who writes what is read here
//! Job names, comments and command lines are members' texts: they hold `|`, line feeds, and whatever would look like a
//! further row. So rows are asked for with a separator that nobody can guess ([`split::Rows`]), ended by it, and counted.

pub mod accounting;
pub mod nodes;
pub mod orders;
pub mod pairs;
pub mod past;
pub mod queue;
pub mod split;
pub mod tree;
pub mod values;

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A row is not of as many fields as were asked for.
    #[error("a row has not the {columns} fields that were asked for: {start:?}")]
    Row {
        /// How many were asked for.
        columns: usize,
        /// How it begins.
        start: String,
    },
    /// The answer ends inside a row.
    #[error("the answer ends inside a row: {start:?}")]
    Short {
        /// How the row begins.
        start: String,
    },
    /// A field is not what it should be.
    #[error("{field} is {value:?}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is there.
        value: String,
    },
}
