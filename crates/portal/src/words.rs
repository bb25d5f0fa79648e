//! The words of the pages, in French and in English, from `i18n/`: one file for each place of the site. Numbers, dates and
//! units as each language writes them are in here, too.

mod format;

use fluent_bundle::FluentValue;
use jiff::tz::TimeZone;
use language::Catalogue;
pub use language::Language;

/// Of a language. One line for each file; both languages have the same.
fn texts(language: Language) -> &'static [&'static str] {
    macro_rules! of {
        ($language:literal) => {
            &[
                include_str!(concat!("../i18n/", $language, "/chart.ftl")),
                include_str!(concat!("../i18n/", $language, "/account.ftl")),
                include_str!(concat!("../i18n/", $language, "/api.ftl")),
                include_str!(concat!("../i18n/", $language, "/project.ftl")),
                include_str!(concat!("../i18n/", $language, "/common.ftl")),
                include_str!(concat!("../i18n/", $language, "/jobs.ftl")),
                include_str!(concat!("../i18n/", $language, "/files.ftl")),
                include_str!(concat!("../i18n/", $language, "/energy.ftl")),
                include_str!(concat!("../i18n/", $language, "/layout.ftl")),
                include_str!(concat!("../i18n/", $language, "/machines.ftl")),
                include_str!(concat!("../i18n/", $language, "/public.ftl")),
                include_str!(concat!("../i18n/", $language, "/style.ftl")),
                include_str!(concat!("../i18n/", $language, "/sbatch.ftl")),
                include_str!(concat!("../i18n/", $language, "/why.ftl")),
                include_str!(concat!("../i18n/", $language, "/run.ftl")),
            ]
        };
    }
    match language {
        Language::French => of!("fr"),
        Language::English => of!("en"),
    }
}

/// All words of one language.
pub struct Words {
    texts: Catalogue,
    /// Which.
    pub language: Language,
    /// In which the centre's days and hours are.
    zone: TimeZone,
}

impl Words {
    /// Of this language, with times in this zone.
    pub fn new(language: Language, zone: TimeZone) -> Self {
        Self { texts: Catalogue::new(language, texts(language).iter().copied()), language, zone }
    }

    /// Whether there is such a text.
    pub fn has(&self, key: &str) -> bool {
        self.texts.has(key)
    }

    /// A text without gaps.
    pub fn say(&self, key: &str) -> String {
        self.texts.say(key)
    }

    /// A text with its gaps filled.
    pub fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        self.texts.with(key, gaps)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: Language) -> BTreeSet<&'static str> {
        let mut keys = BTreeSet::new();
        for text in texts(language) {
            assert_eq!(language::faults(text), Vec::<String>::new());
            for key in language::keys(text) {
                assert!(keys.insert(key), "{key} twice");
            }
        }
        keys
    }

    #[test]
    fn no_word_is_missing_in_either_language() {
        assert_eq!(keys(Language::French), keys(Language::English));
    }
}
