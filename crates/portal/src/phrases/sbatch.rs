//! What Slurm says of a faulty `#SBATCH` line, in the reader's language. Its own words are fixed ones, which people search
//! the web for: they are shown as well. The sentences are in `i18n/*/sbatch.ftl`; must not know where a fault stands.

use super::Speech;

/// Slurm's words (22.05), with `{}` for what differs, and the key of ours. The first that fits is taken.
const KNOWN: &[(&str, &str)] = &[
    ("unrecognized option '{}={}'", "sbatch-unknown"),
    ("unrecognized option '{}'", "sbatch-unknown"),
    ("option '{}' is ambiguous; possibilities:{}", "sbatch-ambiguous"),
    ("option '{}' requires an argument", "sbatch-argument"),
    ("option requires an argument -- '{}'", "sbatch-argument-short"),
    ("option '{}' doesn't allow an argument", "sbatch-no-argument"),
    ("invalid option -- '{}'", "sbatch-unknown-short"),
    ("Invalid time specification (pos={}): {} Invalid {} specification", "sbatch-instant"),
    ("Invalid numeric value \"{}\" for {}.", "sbatch-number"),
    ("Invalid numeric value \"{}\" for {}", "sbatch-number"),
    ("\"{}\" is not a valid node count", "sbatch-nodes"),
    ("Maximum node count {} is less than minimum node count {}", "sbatch-nodes-backwards"),
    ("Invalid --nice value, out of range{}", "sbatch-nice"),
    ("Priority must be >= 0", "sbatch-priority"),
    ("Invalid --time specification", "sbatch-time"),
    ("Invalid --time-min specification", "sbatch-time"),
    ("Invalid --mem{} specification", "sbatch-memory"),
    ("Invalid {} specification", "sbatch-value"),
    ("Invalid {} specification: {}", "sbatch-value"),
    ("unrecognized {} argument \"{}\"{}", "sbatch-value"),
    ("invalid {}={} option", "sbatch-value"),
    ("{} only permitted by root user", "sbatch-root"),
    ("{} are mutually exclusive.", "sbatch-exclusive"),
    ("Unmatched `{}` in [{}]", "sbatch-quote"),
    ("Invalid directive found in batch script: {}", "sbatch-directive"),
    ("Batch script is empty!", "sbatch-empty"),
    ("Batch script contains only whitespace!", "sbatch-empty"),
    ("This does not look like a batch script.{}", "sbatch-no-script"),
    ("{}contain a NULL character{}", "sbatch-null"),
    ("Batch script contains DOS line breaks{}", "sbatch-dos"),
];

/// The sentence for what Slurm says, where it is one that is known.
pub fn told(speech: &impl Speech, said: &str) -> Option<String> {
    let (key, gaps) = KNOWN.iter().find_map(|(pattern, key)| Some((*key, gaps(pattern, said)?)))?;
    let names = ["a", "b", "c"];
    let gaps: Vec<_> = names.into_iter().zip(gaps.into_iter().map(Into::into)).collect();
    Some(speech.with(key, &gaps))
}

/// What stands in the gaps of a pattern; `None`: it does not fit.
fn gaps<'a>(pattern: &str, said: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = pattern.split("{}");
    let mut rest = said.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // The last part is what the text ends with; what follows the last gap may be empty.
        let at = if parts.peek().is_none() { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        found.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, Words};

    #[test]
    fn gaps_are_found_or_not() {
        for (pattern, said, expected) in [
            ("x '{}'", "x 'y'", Some(vec!["y"])),
            ("x '{}'", "x 'y", None),
            ("{} b {}", "a b c b d", Some(vec!["a", "c b d"])),
            ("x", "x", Some(vec![])),
            ("x", "xy", None),
            ("x{}", "x", Some(vec![""])),
        ] {
            assert_eq!(gaps(pattern, said), expected, "{pattern} {said}");
        }
    }

    #[test]
    fn every_pattern_has_its_sentence() {
        for language in [Language::French, Language::English] {
            let words = Words::new(language, jiff::tz::TimeZone::UTC);
            for (pattern, key) in KNOWN {
                let said = told(&words, &pattern.replace("{}", "?")).unwrap_or_default();
                assert!(!said.is_empty() && !said.contains("sbatch-") && !said.contains('{'), "{key}: {said}");
            }
        }
    }
}
