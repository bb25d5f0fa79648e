//! The words of papers in their reader's language, from `i18n/`, embedded in the program.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use jiff::civil::Date;

/// A language in which papers are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// As in file names and PDF: `fr`, `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::French => "fr",
            Language::English => "en",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Language::French => include_str!("../i18n/fr/invoice.ftl"),
            Language::English => include_str!("../i18n/en/invoice.ftl"),
        }
    }
}

/// All words of one language.
pub(crate) struct Words {
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    pub(crate) fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new(vec![language.tag().parse().unwrap_or_default()]);
        bundle.set_use_isolating(false);
        // A faulty line costs that line only; a test refuses faulty files.
        let resource = FluentResource::try_new(language.text().to_owned()).unwrap_or_else(|(sound, _)| sound);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// A text that may not exist.
    pub(crate) fn find(&self, key: &str) -> Option<String> {
        self.bundle.has_message(key).then(|| self.say(key))
    }

    pub(crate) fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with its gaps filled. A key that does not exist shows itself, and a test finds it.
    pub(crate) fn with(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let gaps: FluentArgs<'_> = gaps.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
        self.bundle.format_pattern(pattern, Some(&gaps), &mut Vec::new()).into_owned()
    }

    /// `22 novembre 2026`, `22 November 2026`.
    pub(crate) fn date(&self, date: Date) -> String {
        let month = self.say(&format!("month-{}", date.month()));
        let day = match date.day() {
            1 => self.say("day-first"),
            day => day.to_string(),
        };
        format!("{day}\u{a0}{month}\u{a0}{}", date.year())
    }

    /// `novembre 2026`, `November 2026`.
    pub(crate) fn month(&self, date: Date) -> String {
        format!("{}\u{a0}{}", self.say(&format!("month-{}", date.month())), date.year())
    }

    /// `22/11/2026` for both: columns are narrow.
    pub(crate) fn short_date(&self, date: Date) -> String {
        format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The keys of a file.
    fn keys(language: Language) -> Vec<&'static str> {
        let mut keys: Vec<&str> = language
            .text()
            .lines()
            .filter(|line| !line.starts_with(['#', ' ', '.']))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn both_languages_have_the_same_words() {
        assert_eq!(keys(Language::French), keys(Language::English));
        for language in [Language::French, Language::English] {
            FluentResource::try_new(language.text().to_owned()).unwrap();
        }
    }

    #[test]
    fn every_word_that_is_asked_for_exists() {
        let sources = [include_str!("invoice.rs"), include_str!("facturx.rs")];
        let words = Words::new(Language::French);
        let asked = sources.iter().flat_map(|source| {
            source.match_indices("say(\"").chain(source.match_indices("with(\"")).map(|(at, call)| {
                let rest = &source[at + call.len()..];
                &rest[..rest.find('"').unwrap()]
            })
        });
        let mut any = false;
        for key in asked {
            any = true;
            assert!(words.bundle.has_message(key), "{key}");
        }
        assert!(any);
    }

    #[test]
    fn days_read_as_people_write_them() {
        let day = |language, day: &str| Words::new(language).date(day.parse().unwrap()).replace('\u{a0}', " ");
        assert_eq!(day(Language::French, "2026-11-01"), "1er novembre 2026");
        assert_eq!(day(Language::French, "2026-08-22"), "22 août 2026");
        assert_eq!(day(Language::English, "2026-11-01"), "1 November 2026");
    }
}
