//! Application templates: a folder with `app.toml` (typed fields, words in two languages) and `script.sh`; from the values
//! of a form to a batch script that runs here and at any centre with Slurm.
//!
//! ```text
//! let template = Template::read("flood", app_toml, script_sh, readme)?;   // what is wrong is said with the nearest word
//! let filled = template.check(&values)?;                                   // every field, or all that is wrong
//! let script = template.script(&filled, "/home/anne");                     // values at its top, quoted; then fixed text
//! ```
//!
//! **A value never becomes shell text.** It is assigned in single quotes to `ALGORIC_NAME` at the top of the script; the
//! template's own script is fixed and uses `"$ALGORIC_NAME"`. Must not know who reads folders, nor what a page looks like.

mod check;
mod numbers;
mod script;
mod shipped;
mod template;

pub use check::{Fault, Filled, Wrong};
pub use script::quoted;
pub use shipped::shipped;
pub use template::{Choice, Field, Kind, Label, Template, TemplateError};
