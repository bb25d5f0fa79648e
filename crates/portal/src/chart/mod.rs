//! Pictures of numbers, made on the server: SVG with classes only (`static/style.css` gives the colours), a few kilobytes
//! whatever the number of points, readable on a phone because letters never shrink, and always with the same numbers as
//! words and as a table. Numbers in, text out. Must not know where numbers come from.
//!
//! [`Curve`]: lines or stacked areas over time. [`Bars`]: stacked columns with names. [`Gauge`]: one number of another.
//! Each has `draw(&words)`, which gives a whole `<figure>` for a template (`{{ text|safe }}`).

mod bars;
mod curve;
mod frame;
mod gauge;
mod scale;
#[cfg(test)]
mod tests;

pub use bars::{Bar, Bars};
pub use curve::{Curve, Look, Series, Shade};
pub(crate) use frame::escape;
pub use gauge::Gauge;
pub use scale::Unit;

/// How dear or how high something is behind a picture: shown as a ground, and named in the legend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Little.
    Low,
    /// In between.
    Mid,
    /// Much.
    High,
}

impl Level {
    fn class(self) -> &'static str {
        match self {
            Level::Low => "chart-low",
            Level::Mid => "chart-mid",
            Level::High => "chart-high",
        }
    }
}
