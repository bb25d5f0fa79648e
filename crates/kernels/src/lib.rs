//! Small real computations that the centre's examples, labs and first run submit as jobs.
//!
//! Everything here is a pure function of its arguments: no file, no clock, no environment, no
//! randomness. Threads are allowed; their number never changes a bit of a result. The crate does
//! not know who runs it: no job, no scheduler, no command line.
//!
//! * [`flood`]: rain over a terrain becomes runoff and a flood (two-dimensional shallow water).
//! * [`ascii_grid`]: terrains and depths in the text format that surveys publish.
//! * [`valley`]: a made-up small river valley, for when there is no survey.
//! * [`load`]: what keeps a core busy, to see what a machine draws then.
//! * [`picture`]: maps of the greatest depth over shaded relief, as PNG.
//! * [`study`]: the three steps that a flood job and a map job take, ready for a thin command.

pub mod ascii_grid;
pub mod flood;
pub mod grid;
pub mod load;
pub mod picture;
pub mod study;
pub mod valley;

pub use grid::{DepthField, Grid, Terrain};
