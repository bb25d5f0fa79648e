//! The words of papers in their reader's language, from `i18n/`, embedded in the program.

use jiff::civil::Date;
use language::Catalogue;
pub use language::Language;

fn text(language: Language) -> &'static str {
    match language {
        Language::French => include_str!("../i18n/fr/invoice.ftl"),
        Language::English => include_str!("../i18n/en/invoice.ftl"),
    }
}

/// All words of one language.
pub(crate) struct Words(Catalogue);

impl Words {
    pub(crate) fn new(language: Language) -> Self {
        Self(Catalogue::new(language, [text(language)]))
    }

    /// A text that may not exist.
    pub(crate) fn find(&self, key: &str) -> Option<String> {
        self.0.find(key)
    }

    pub(crate) fn say(&self, key: &str) -> String {
        self.0.say(key)
    }

    /// A text with its gaps filled.
    pub(crate) fn with(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        let gaps: Vec<_> = gaps.iter().map(|(name, value)| (*name, (*value).into())).collect();
        self.0.with(key, &gaps)
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

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_have_the_same_words() {
        let keys = |language| language::keys(text(language)).collect::<BTreeSet<_>>();
        assert_eq!(keys(Language::French), keys(Language::English));
        for language in Language::ALL {
            assert_eq!(language::faults(text(language)), Vec::<String>::new());
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
            assert!(words.0.has(key), "{key}");
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
