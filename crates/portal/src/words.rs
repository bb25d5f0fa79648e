//! The words of the pages, in French and in English, from `i18n/`: one file for each place of the site. Numbers, dates and
//! units as each language writes them are in here, too.

mod format;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use jiff::tz::TimeZone;

/// A language that we speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// French, also for everybody else: the first centres are in France.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// `fr` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::French => "fr",
            Language::English => "en",
        }
    }

    /// The language of a tag (`fr`, `en-GB`), if we speak it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_', ';']).next().map(str::to_ascii_lowercase).as_deref() {
            Some("fr") => Some(Language::French),
            Some("en") => Some(Language::English),
            _ => None,
        }
    }

    /// The first one of a browser's list (`Accept-Language`) that we speak.
    pub fn of_browser(list: &str) -> Self {
        list.split(',').find_map(Self::of_tag).unwrap_or_default()
    }

    fn texts(self) -> &'static [&'static str] {
        // One line for each file; both languages have the same.
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
                    include_str!(concat!("../i18n/", $language, "/public.ftl")),
                    include_str!(concat!("../i18n/", $language, "/style.ftl")),
                    include_str!(concat!("../i18n/", $language, "/why.ftl")),
                ]
            };
        }
        match self {
            Language::French => of!("fr"),
            Language::English => of!("en"),
        }
    }
}

/// All words of one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
    /// Which.
    pub language: Language,
    /// In which the centre's days and hours are.
    zone: TimeZone,
}

impl Words {
    /// Of this language, with times in this zone.
    pub fn new(language: Language, zone: TimeZone) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
        bundle.set_use_isolating(false);
        for text in language.texts() {
            // A faulty line costs that line only; a test refuses faulty files.
            let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(sound, _)| sound);
            bundle.add_resource_overriding(resource);
        }
        Self { bundle, language, zone }
    }

    /// Whether there is such a text.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A text without gaps. A key that does not exist shows itself, and a test finds it.
    pub fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with its gaps filled.
    pub fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let gaps: FluentArgs<'_> = gaps.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.bundle.format_pattern(pattern, Some(&gaps), &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: Language) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for text in language.texts() {
            let resource = FluentResource::try_new((*text).to_owned()).map_err(|(_, faults)| faults).unwrap();
            for line in text.lines() {
                if let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !key.starts_with([' ', '#', '.'])) {
                    assert!(keys.insert(key.to_owned()), "{key} twice");
                }
            }
            assert!(resource.entries().count() > 0);
        }
        keys
    }

    #[test]
    fn no_word_is_missing_in_either_language() {
        assert_eq!(keys(Language::French), keys(Language::English));
    }

    #[test]
    fn a_browser_says_what_it_reads() {
        for (list, language) in [
            ("en-GB,en;q=0.9,fr;q=0.8", Language::English),
            ("br,fr-FR;q=0.9", Language::French),
            ("de, en;q=0.5", Language::English),
            ("", Language::French),
        ] {
            assert_eq!(Language::of_browser(list), language, "{list}");
        }
    }
}
