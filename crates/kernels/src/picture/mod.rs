//! Maps of floods: shaded relief, water, labels, legend; as pixels and as PNG.
//!
//! Only arithmetic that IEEE 754 fixes is used: the same map has the same pixels on every machine.
//! Knows nothing of how depths were computed, nor of files.

mod canvas;
mod font;
mod relief;
mod sheet;

pub use canvas::Canvas;
pub use relief::SHOWN_FROM_M;
pub use sheet::{MapError, Panel, Sheet};
