//! The language of Slurm 22.05, read and written: options, `#SBATCH` lines, times, sizes, host lists, format strings,
//! and the texts and exit codes of the commands.
//!
//! This crate must not know sockets, files, SQL or our scheduler. It gets bytes, rows of [`model`] and a
//! [`text::Clock`] (now and the caller's time zone), and gives values and text.
//!
//! # For a front end
//!
//! Every command has a module named after it. Arguments are the words after the program's name, as bytes; the
//! environment is a list of pairs ([`environ::Variable`]). A command that ends early, be it by a mistake or by `--help`,
//! is a [`refusal::Refusal`]: what to print on both streams, and the exit code. What the centre refuses is an
//! [`errors::Refused`]; with an [`errors::Action`] it becomes a `Refusal` too.
//!
//! | command | read | show |
//! | --- | --- | --- |
//! | `sbatch` | [`sbatch::Line::read`], [`sbatch::Line::submission`], [`sbatch::Submission::spec`] | [`sbatch::Submission::accepted`] |
//! | `srun`, `salloc` | [`srun::parse`], [`salloc::parse`] | |
//! | `sinfo` | [`sinfo::parse`] | [`sinfo::print`] |
//! | `squeue` | [`squeue::parse`] | [`squeue::print`], [`squeue::print_steps`] |
//! | `scancel` | [`scancel::parse`] | [`scancel::Options::terminating`] |
//! | `sacct` | [`sacct::parse`] | [`sacct::print`] |
//! | `sprio`, `sshare`, `sstat`, `sdiag`, `sacctmgr`, `seff` | `parse` | `print` |
//! | `scontrol` | [`scontrol::parse`] | [`scontrol::put_jobs`] and its sisters |
//!
//! What becomes of each option is a table made from the code: [`sbatch::table`], [`srun::table`], [`salloc::table`].
//!
//! Beside them: [`script`] (batch scripts), [`patterns`] (`%j` in file names), [`environment`] (`SLURM_*`).

pub mod cluster;
pub mod columns;
pub mod environ;
pub mod environment;
pub mod errors;
mod format;
pub mod getopt;
pub mod patterns;
pub mod refusal;
pub mod sacct;
pub mod sacctmgr;
pub mod salloc;
pub mod sattach;
pub mod sbatch;
pub mod sbcast;
pub mod scancel;
pub mod scontrol;
pub mod script;
pub mod sdiag;
pub mod seff;
pub mod sinfo;
pub mod sprio;
pub mod squeue;
pub mod srun;
pub mod sshare;
pub mod sstat;
pub mod states;
pub mod strigger;
pub mod submission;
pub mod text;
pub mod tree;
mod tres;
pub mod values;
