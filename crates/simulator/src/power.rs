//! When machines are off: the choice is the scheduler's, as the real centre has it too.

pub use scheduler::power::{NoPower, PATIENCE_S, Power};
