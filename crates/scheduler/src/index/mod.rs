//! Structures that answer a scheduler's questions without looking at every job: the next that fits ([`Line`]), when so
//! many cores are free ([`Shelves`]), where a job has room in a plan ([`Skyline`]). Pools and parks are made of them.

mod line;
mod shelves;
mod skyline;

pub use line::{Least, Line, Summary};
pub use shelves::{Key, Shelves};
pub use skyline::{Place, Skyline, Step, Stretch};
