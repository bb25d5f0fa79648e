//! The templates of this repository's `apps/`, which are in the program itself.

use crate::template::{Label, Template, TemplateError};

macro_rules! app {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../apps/", $name, "/app.toml")),
            include_str!(concat!("../../../apps/", $name, "/script.sh")),
            include_str!(concat!("../../../apps/", $name, "/README.fr.md")),
            include_str!(concat!("../../../apps/", $name, "/README.md")),
        )
    };
}

/// Name, fields, script, more in French and in English.
const APPS: &[(&str, &str, &str, &str, &str)] =
    &[app!("python"), app!("sweep"), app!("flood"), app!("structures"), app!("openfoam"), app!("povray")];

/// All of them, in the order in which they are offered.
///
/// # Errors
/// Never, as a test says.
pub fn shipped() -> Result<Vec<Template>, TemplateError> {
    let read = |(name, app, script, fr, en): &(&str, &str, &str, &str, &str)| {
        Template::read(name, app, script, Label { fr: (*fr).to_owned(), en: (*en).to_owned() })
    };
    APPS.iter().map(read).collect()
}
