//! The words of `algoric` in the reader's language (French or English), from `i18n/`, embedded in the program.
//!
//! Must not be used by the Slurm front ends: their texts are Slurm's, and they must start at once.

use std::{env, fmt::Write as _};

use fluent_bundle::FluentValue;
use jiff::{Timestamp, tz::TimeZone};
use language::Catalogue;
pub use language::Language;
use model::{Span, Time};
pub use portal::phrases::kebab;

macro_rules! texts {
    ($language:literal) => {
        &[
            include_str!(concat!("../i18n/", $language, "/data.ftl")),
            include_str!(concat!("../i18n/", $language, "/doctor.ftl")),
            include_str!(concat!("../i18n/", $language, "/energy.ftl")),
            include_str!(concat!("../i18n/", $language, "/errors.ftl")),
            include_str!(concat!("../i18n/", $language, "/grow.ftl")),
            include_str!(concat!("../i18n/", $language, "/job.ftl")),
            include_str!(concat!("../i18n/", $language, "/lists.ftl")),
            include_str!(concat!("../i18n/", $language, "/meter.ftl")),
            include_str!(concat!("../i18n/", $language, "/money.ftl")),
            include_str!(concat!("../i18n/", $language, "/node.ftl")),
            include_str!(concat!("../i18n/", $language, "/orders.ftl")),
            include_str!(concat!("../i18n/", $language, "/quote.ftl")),
            include_str!(concat!("../i18n/", $language, "/people.ftl")),
            include_str!(concat!("../i18n/", $language, "/price.ftl")),
            include_str!(concat!("../i18n/", $language, "/simulate.ftl")),
            include_str!(concat!("../i18n/", $language, "/slurm.ftl")),
            include_str!(concat!("../i18n/", $language, "/status.ftl")),
            include_str!(concat!("../i18n/", $language, "/try.ftl")),
        ]
    };
}

/// What `LC_ALL`, else `LC_MESSAGES`, else `LANG` says: English for everybody who does not read French.
pub fn language_of_environment() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()));
    set.and_then(|locale| Language::of_tag(&locale)).unwrap_or(Language::English)
}

fn texts(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => texts!("en"),
        Language::French => texts!("fr"),
    }
}

/// A part of a whole; `-` of nothing.
pub fn percent(part: i64, whole: i64) -> String {
    let found = (i128::from(part) * 100).checked_div(i128::from(whole));
    found.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}

/// All texts of one language.
pub struct Words {
    texts: Catalogue,
    zone: TimeZone,
    language: Language,
}

impl Words {
    /// In this language, with times of this zone.
    pub fn new(language: Language, zone: TimeZone) -> Self {
        let all = texts(language).iter().chain(portal::phrases::texts(language.tag()));
        Self { texts: Catalogue::new(language, all.copied()), zone, language }
    }

    /// In the caller's language and time zone.
    pub fn of_environment() -> Self {
        Self::new(language_of_environment(), crate::zone::of_process())
    }

    /// A text without gaps.
    pub fn say(&self, key: &str) -> String {
        self.texts.say(key)
    }

    /// A text with its gaps filled.
    pub fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        self.texts.with(key, gaps)
    }

    /// Whether there is such a text.
    pub fn has(&self, key: &str) -> bool {
        self.texts.has(key)
    }

    /// A point in time on the reader's wall clock: `2026-11-22 14:30:05`.
    pub fn time(&self, time: Time) -> String {
        match Timestamp::from_millisecond(time.0) {
            Ok(stamp) => stamp.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Err(_) => "-".to_owned(),
        }
    }

    /// A length of time, as long as it needs to be: `0.3 s`, `12 s`, `5 min 03 s`, `2 h 05 min`, `3 d 04 h`.
    pub fn span(&self, span: Span) -> String {
        let day = self.say("unit-day");
        let (ms, seconds) = (span.0.max(0), span.as_seconds().max(0));
        match seconds {
            0..10 => format!("{} s", self.decimal(ms as f64 / 1000.0)),
            10..60 => format!("{seconds} s"),
            60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
            _ => format!("{} {day} {:02} h", seconds / 86_400, seconds / 3600 % 24),
        }
    }

    /// An amount of memory: `512 MiB`, `1.5 GiB`.
    pub fn memory(&self, mib: u64) -> String {
        if mib < 1024 {
            return self.with("unit-mib", &[("amount", mib.into())]);
        }
        let amount = self.decimal(mib as f64 / 1024.0);
        self.with("unit-gib", &[("amount", amount.into())])
    }

    /// `number` in `unit`s, rounded, with so many digits after the sign that the language has there.
    pub fn fixed(&self, number: i64, unit: i64, digits: u32) -> String {
        let scale = 10i128.pow(digits);
        let (number, unit) = (i128::from(number), i128::from(unit.max(1)));
        let rounded = (number.abs() * scale + unit / 2) / unit;
        let sign = if number < 0 && rounded > 0 { "-" } else { "" };
        if digits == 0 {
            return format!("{sign}{rounded}");
        }
        let point = self.point();
        format!("{sign}{}{point}{:0width$}", rounded / scale, rounded % scale, width = digits as usize)
    }

    /// An amount of money from micro-euros: `12.34 €`, with four digits below one euro: `0.0124 €`.
    pub fn euros(&self, microeur: i64) -> String {
        format!("{} €", self.fixed(microeur, 1_000_000, if microeur.abs() < 1_000_000 { 4 } else { 2 }))
    }

    /// An amount of energy from microjoules: `12.3 Wh`, `1.234 kWh`.
    pub fn energy(&self, energy_uj: i64) -> String {
        const WATT_HOUR: i64 = 3_600_000_000;
        if energy_uj.abs() < 1000 * WATT_HOUR {
            return format!("{} Wh", self.fixed(energy_uj, WATT_HOUR, 1));
        }
        format!("{} kWh", self.fixed(energy_uj, 1000 * WATT_HOUR, 3))
    }

    /// The sign between whole numbers and tenths.
    pub fn point(&self) -> char {
        if self.language == Language::French { ',' } else { '.' }
    }

    /// One digit after the sign that the language has there.
    pub fn decimal(&self, number: f64) -> String {
        format!("{number:.1}").replace('.', &self.point().to_string())
    }

    /// Numbers one after the other: `3, 4 and 7`.
    pub fn list<T: std::fmt::Display>(&self, items: &[T]) -> String {
        let mut out = String::new();
        let and = self.say("list-and");
        for (at, item) in items.iter().enumerate() {
            match at {
                0 => {}
                _ if at + 1 == items.len() => write!(out, " {and} ").unwrap_or_default(),
                _ => out.push_str(", "),
            }
            write!(out, "{item}").unwrap_or_default();
        }
        out
    }
}

impl portal::phrases::Speech for Words {
    fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        self.with(key, gaps)
    }

    fn has(&self, key: &str) -> bool {
        self.has(key)
    }

    fn time(&self, time: Time) -> String {
        self.time(time)
    }

    fn span(&self, span: Span) -> String {
        self.span(span)
    }

    fn euros(&self, microeur: i64) -> String {
        self.euros(microeur)
    }

    fn price(&self, microeur: i64) -> String {
        format!("{} €", self.fixed(microeur, 1_000_000, 4))
    }

    fn energy(&self, uj: i64) -> String {
        self.energy(uj)
    }

    fn percent(&self, part: i64, whole: i64) -> String {
        percent(part, whole)
    }

    fn units(&self, number: i64, unit: i64) -> String {
        self.fixed(number, unit, 4)
    }

    fn memory(&self, mib: u64) -> String {
        self.memory(mib)
    }

    fn decimal(&self, number: f64) -> String {
        self.decimal(number)
    }

    fn list(&self, items: &[String]) -> String {
        self.list(items)
    }
}

#[cfg(test)]
mod tests;
