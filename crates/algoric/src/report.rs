//! What a person is told when a command of `algoric` cannot do its work: what, where, what to do; and the exit code.

use std::fmt;

use api::Refusal;
use fluent_bundle::FluentValue;

use crate::{client::ClientError, console, exit, words::Words};

/// A failure told by a text of ours. Texts `KEY` and, where there is something to do about it, `KEY-advice`.
#[derive(Debug)]
pub struct Fault {
    key: &'static str,
    gaps: Vec<(&'static str, String)>,
    code: u8,
}

impl Fault {
    /// A failure with exit code [`exit::FAILED`].
    pub fn new(key: &'static str, gaps: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { key, gaps: gaps.into_iter().collect(), code: exit::FAILED }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)?;
        self.gaps.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl std::error::Error for Fault {}

/// Tells the person, and says what to exit with.
pub fn report(error: &anyhow::Error, words: &Words) -> u8 {
    let (text, advice, code) = explain(error, words);
    console::complain(format!("algoric: {text}\n"));
    if let Some(advice) = advice {
        console::complain(format!("  {advice}\n"));
    }
    code
}

fn explain(error: &anyhow::Error, words: &Words) -> (String, Option<String>, u8) {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        let gaps: Vec<(&str, FluentValue<'_>)> =
            fault.gaps.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
        let advice = format!("{}-advice", fault.key);
        return (words.with(fault.key, &gaps), words.has(&advice).then(|| words.with(&advice, &gaps)), fault.code);
    }
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::NoCentre { socket, .. }) => {
            let gaps = [("socket", socket.display().to_string().into())];
            (words.with("no-centre", &gaps), Some(words.say("no-centre-advice")), exit::NO_CENTRE)
        }
        Some(ClientError::WentAway) => {
            (words.say("centre-went-away"), Some(words.say("centre-went-away-advice")), exit::NO_CENTRE)
        }
        Some(ClientError::Refused(refusal)) => (refused(refusal, words), None, exit::FAILED),
        _ => (format!("{error:#}"), None, exit::FAILED),
    }
}

/// A refusal in the reader's language.
pub fn refused(refusal: &Refusal, words: &Words) -> String {
    let key = format!("refused-{}", crate::words::kebab(&format!("{:?}", refusal.code)));
    words.with(&key, &[("detail", refusal.detail.as_str().into())])
}

#[cfg(test)]
mod tests {
    use api::RefusalCode;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::words::Language;

    #[test]
    fn failures_say_what_to_do() {
        let words = Words::new(Language::French, TimeZone::UTC);
        let gone = anyhow::Error::from(ClientError::WentAway);
        let (text, advice, code) = explain(&gone, &words);
        assert!(text.contains("centre") && advice.is_some());
        assert_eq!(code, exit::NO_CENTRE);
        let refusal = Refusal { code: RefusalCode::InvalidAccount, detail: "eau".into() };
        let (text, _, code) = explain(&ClientError::Refused(refusal).into(), &words);
        assert!(text.contains("eau"), "{text}");
        assert_eq!(code, exit::FAILED);
    }
}
