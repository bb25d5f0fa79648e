//! Options without effect on one machine: that their values are some that Slurm takes.
//!
//! A slip of the pen is told here as it is there, so that a script that is accepted here is accepted elsewhere, too.

use super::{Bad, Value};
use crate::values;

/// `--acctg-freq`: seconds, or `task=30,energy=0`.
pub(super) fn frequencies(value: Value<'_>) -> Result<(), Bad> {
    let good = values::list(value.text).iter().all(|part| {
        let seconds = match part.split_once('=') {
            Some(("task" | "energy" | "network" | "filesystem", seconds)) => seconds,
            Some(_) => return false,
            None => part,
        };
        values::integer(seconds.as_bytes()).is_some()
    });
    if good { Ok(()) } else { Err(Bad::says(format!("Invalid --acctg-freq specification: {}", value.string()), 255)) }
}

/// `-m`: `block`, `cyclic:block`, `*:*:fcyclic`, `plane=2`, `arbitrary`, each perhaps with `,Pack` or `,NoPack`.
pub(super) fn distribution(value: Value<'_>) -> Result<(), Bad> {
    let text = value.string().to_ascii_lowercase();
    let mut parts = text.split(',');
    let levels = parts.next().unwrap_or_default();
    let level = |word: &str| word == "*" || ["block", "cyclic", "fcyclic"].contains(&word);
    let plane = levels.strip_prefix("plane").is_some_and(|size| {
        size.is_empty() || size.strip_prefix('=').is_some_and(|size| values::count(size.as_bytes(), 1).is_some())
    });
    let good = plane || levels == "arbitrary" || (levels.split(':').all(level) && levels.split(':').count() <= 3);
    if good && parts.all(|part| part == "pack" || part == "nopack") { Ok(()) } else { Err(Bad::Specification) }
}

/// `--mem-bind`: words, and maps and masks with their numbers.
pub(super) fn memory_binding(value: Value<'_>) -> Result<(), Bad> {
    const WORDS: &[&str] = &[
        "q", "quiet", "v", "verbose", "y", "yes", "n", "no", "none", "p", "prefer", "sort", "nosort", "rank", "local",
        "help",
    ];
    let text = value.string().to_ascii_lowercase();
    let mut numbers = false;
    let good = text.split(',').all(|word| {
        let mapped = ["map_mem", "mapmem", "mask_mem", "maskmem"]
            .iter()
            .any(|kind| word.strip_prefix(kind).is_some_and(|rest| rest.starts_with([':', '='])));
        numbers |= mapped;
        // After a map or a mask come its other numbers.
        mapped || WORDS.contains(&word) || (numbers && word.starts_with(|letter: char| letter.is_ascii_digit()))
    });
    let bad = || Bad::says(format!("unrecognized --mem-bind argument \"{}\"", value.string()), 255);
    if good { Ok(()) } else { Err(bad()) }
}

/// `--profile`: what is to be measured.
pub(super) fn profile(value: Value<'_>) -> Result<(), Bad> {
    let text = value.string().to_ascii_lowercase();
    let known = ["none", "all", "energy", "task", "lustre", "network"];
    let good = text.split(',').all(|word| known.contains(&word));
    if good { Ok(()) } else { Err(Bad::says(format!("invalid --profile={} option", value.string()), 255)) }
}

/// `--get-user-env`: `[TIMEOUT][S|L]`.
pub(crate) fn login(value: Value<'_>) -> Result<(), Bad> {
    let mode = value.text.iter().position(|byte| !byte.is_ascii_digit()).map_or(&b""[..], |at| &value.text[at..]);
    if matches!(mode, [] | [b's' | b'S' | b'l' | b'L']) { Ok(()) } else { Err(Bad::Specification) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Clock;

    fn check(reader: fn(Value<'_>) -> Result<(), Bad>, good: &[&str], bad: &[&str]) {
        let clock = Clock { now: model::Time(0), zone: &jiff::tz::TimeZone::UTC };
        let read = |text: &str| reader(Value { text: text.as_bytes(), given: true, clock: &clock, root: false });
        for text in good {
            assert_eq!(read(text), Ok(()), "{text}");
        }
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words() {
        check(frequencies, &["30", "task=30,energy=0"], &["x", "tasks=3", "task=x"]);
        let good = ["block", "cyclic:cyclic", "*:block:fcyclic", "plane=2", "arbitrary", "Block,NoPack"];
        check(distribution, &good, &["x", "block:x", "block:block:block:block", "plane=x", "block,x"]);
        check(memory_binding, &["local", "v,rank", "map_mem:0,1", "mask_mem=0x3"], &["x", "local,x", "0"]);
        check(profile, &["none", "task,energy", "All"], &["x", ""]);
        check(login, &["", "5", "5L", "s"], &["x", "5x", "SL"]);
    }
}
