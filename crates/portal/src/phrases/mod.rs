//! Sentences that pages and commands say alike: why a job waits, what it paid, what its next run should ask for. What
//! differs is who writes times and amounts: [`Speech`]. The texts are in `i18n/*/why.ftl` and `run.ftl`; must not know who reads them.

pub mod run;
pub mod sbatch;
pub mod why;

use fluent_bundle::FluentValue;
use model::{Span, Time};

/// Who puts facts into words.
pub trait Speech {
    /// A text with its gaps filled.
    fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String;
    /// Whether there is such a text.
    fn has(&self, key: &str) -> bool;
    /// A text without gaps.
    fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }
    /// An instant.
    fn time(&self, time: Time) -> String;
    /// A length of time.
    fn span(&self, span: Span) -> String;
    /// Micro-euros.
    fn euros(&self, microeur: i64) -> String;
    /// Micro-euros with four places: what a job costs may be less than a cent.
    fn price(&self, microeur: i64) -> String;
    /// Microjoules.
    fn energy(&self, uj: i64) -> String;
    /// A part of a whole, in hundredths.
    fn percent(&self, part: i64, whole: i64) -> String;
    /// `number` of so many in a unit, with four places.
    fn units(&self, number: i64, unit: i64) -> String;
    /// MiB.
    fn memory(&self, mib: u64) -> String;
    /// One digit after the sign that the language has there.
    fn decimal(&self, number: f64) -> String;
    /// `3, 4 and 7`.
    fn list(&self, items: &[String]) -> String;
}

/// The texts of a language (`fr`, else English) that these sentences are made of.
pub fn texts(tag: &str) -> &'static [&'static str] {
    if tag == "fr" {
        &[include_str!("../../i18n/fr/why.ftl"), include_str!("../../i18n/fr/run.ftl")]
    } else {
        &[include_str!("../../i18n/en/why.ftl"), include_str!("../../i18n/en/run.ftl")]
    }
}

/// A name of the code as texts are named: `JobHeldUser` is `job-held-user`.
pub fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

impl Speech for crate::words::Words {
    fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        self.with(key, gaps)
    }

    fn has(&self, key: &str) -> bool {
        self.has(key)
    }

    fn time(&self, time: Time) -> String {
        self.time(time.0)
    }

    fn span(&self, span: Span) -> String {
        self.span(span.0)
    }

    fn euros(&self, microeur: i64) -> String {
        self.money(microeur)
    }

    fn price(&self, microeur: i64) -> String {
        self.price(microeur)
    }

    fn energy(&self, uj: i64) -> String {
        self.energy(uj)
    }

    fn percent(&self, part: i64, whole: i64) -> String {
        self.percent(((i128::from(part) * 100).checked_div(i128::from(whole)).unwrap_or(0) * 10) as i64)
    }

    fn units(&self, number: i64, unit: i64) -> String {
        self.decimal(i128::from(number) * 10_000 / i128::from(unit.max(1)), 4)
    }

    fn memory(&self, mib: u64) -> String {
        self.memory(mib)
    }

    fn decimal(&self, number: f64) -> String {
        self.decimal((number * 10.0).round() as i128, 1)
    }

    fn list(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => {
                self.with("list-of", &[("first", first.join(", ").into()), ("last", last.as_str().into())])
            }
        }
    }
}
