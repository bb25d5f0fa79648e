//! The exit codes of `algoric`, in one place. The Slurm front ends return Slurm's own (see `slurm`).

/// All went well.
pub const OK: u8 = 0;

/// The order was refused, or failed.
pub const FAILED: u8 = 1;

/// The command line makes no sense (also clap's own code).
pub const USAGE: u8 = 2;

/// No centre answers.
pub const NO_CENTRE: u8 = 3;

/// Something is no longer as it was planned (`algoric grow check`).
pub const DRIFT: u8 = 4;

/// A machine could not be asked.
pub const UNREACHABLE: u8 = 5;

/// The reader of our output went away: what a shell shows for SIGPIPE.
pub const BROKEN_PIPE: u8 = 141;

/// Ended by Ctrl-C: what a shell shows for SIGINT.
pub const INTERRUPTED: u8 = 130;
