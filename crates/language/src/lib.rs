//! The languages we speak, and the texts of one of them with gaps that are filled: what commands, pages and papers share.
//! Must not know any text, nor where one is shown.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

/// A language that we speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// French, also where nobody said: the first centres are in France.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Language::French, Language::English];

    /// `fr` or `en`, as in the names of folders, in HTML and in PDF.
    pub fn tag(self) -> &'static str {
        match self {
            Language::French => "fr",
            Language::English => "en",
        }
    }

    /// The language of a tag (`fr`, `en-GB`, `fr_FR.UTF-8`), if we speak it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_', ';', '.']).next().map(str::to_ascii_lowercase).as_deref() {
            Some("fr") => Some(Language::French),
            Some("en") => Some(Language::English),
            _ => None,
        }
    }

    /// The first one of a browser's list (`Accept-Language`) that we speak.
    pub fn of_browser(list: &str) -> Self {
        list.split(',').find_map(Self::of_tag).unwrap_or_default()
    }
}

/// All texts of one language.
pub struct Catalogue(FluentBundle<FluentResource>);

impl Catalogue {
    /// From files of Fluent. A text that comes twice is the last one; a faulty line costs that line only, and
    /// [`faults`] finds it.
    pub fn new<'a>(language: Language, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
        // The marks around inserted text are for mixed writing directions; terminals, papers and tests show them as dirt.
        bundle.set_use_isolating(false);
        for text in texts {
            let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(sound, _)| sound);
            bundle.add_resource_overriding(resource);
        }
        Self(bundle)
    }

    /// Whether there is such a text.
    pub fn has(&self, key: &str) -> bool {
        self.0.has_message(key)
    }

    /// A text that may not exist.
    pub fn find(&self, key: &str) -> Option<String> {
        self.has(key).then(|| self.say(key))
    }

    /// A text without gaps.
    pub fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with its gaps filled. A key that does not exist shows itself: better than nothing, and tests find it.
    pub fn with(&self, key: &str, gaps: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.0.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let gaps: FluentArgs<'_> = gaps.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.0.format_pattern(pattern, Some(&gaps), &mut Vec::new()).into_owned()
    }
}

/// The keys of a file of Fluent, in its order.
pub fn keys(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.starts_with(['#', ' ', '.', '}']));
    lines.filter_map(|line| line.split_once(" =").map(|(key, _)| key))
}

/// What is wrong in a file of Fluent, in words.
pub fn faults(text: &str) -> Vec<String> {
    match FluentResource::try_new(text.to_owned()) {
        Ok(_) => Vec::new(),
        Err((_, faults)) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn gaps_are_filled_and_faults_found() {
        let (text, broken) = ("# of a test\ngreeting = Hello { $who }\n", "good = yes\nbad = { $\n");
        let words = Catalogue::new(Language::English, [text, broken]);
        assert_eq!(words.with("greeting", &[("who", "Auray".into())]), "Hello Auray");
        assert_eq!((words.say("good"), words.say("none"), words.find("none")), ("yes".into(), "none".into(), None));
        assert_eq!((keys(text).collect::<Vec<_>>(), faults(text)), (vec!["greeting"], Vec::new()));
        assert_eq!(faults(broken).len(), 1);
    }
}
