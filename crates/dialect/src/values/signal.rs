//! Signals by name or number, and `--signal=[R][B:]SIG[@SECONDS]`.

use model::{SignalSpec, Span};

/// Linux's numbers on x86 and ARM for the names of signal(7).
const NAMES: &[(&str, u8)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("IOT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// `USR1`, `SIGUSR1`, `usr1`, `10`.
pub fn number(text: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(number) = text.parse::<u8>() {
        return (1..65).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// The name without `SIG`, or the number.
pub fn name(number: u8) -> String {
    NAMES.iter().find(|(_, known)| *known == number).map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// How long before the end when `@` does not say.
const DEFAULT_BEFORE: Span = Span::seconds(60);

/// `--signal`. The flag `R` (also at the start of a reservation's end) has no effect here.
pub fn spec(text: &[u8]) -> Option<SignalSpec> {
    let (flags, rest) = match text.iter().position(|byte| *byte == b':') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (&text[..0], text),
    };
    if !flags.iter().all(|flag| matches!(flag.to_ascii_uppercase(), b'B' | b'R')) {
        return None;
    }
    let (signal, before) = match rest.iter().position(|byte| *byte == b'@') {
        Some(at) => {
            let seconds = super::integer(&rest[at + 1..]).filter(|seconds| (0..=65_535).contains(seconds))?;
            (&rest[..at], Span::seconds(seconds))
        }
        None => (rest, DEFAULT_BEFORE),
    };
    let batch_only = flags.iter().any(|flag| flag.eq_ignore_ascii_case(&b'B'));
    Some(SignalSpec { signal: number(signal)?, before, batch_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("USR1@60", Some((10, 60, false))),
            ("B:USR1@20", Some((10, 20, true))),
            ("RB:SIGTERM@0", Some((15, 0, true))),
            ("10", Some((10, 60, false))),
            ("R:usr2", Some((12, 60, false))),
            ("X:USR1", None),
            ("USR9", None),
            ("USR1@x", None),
            ("USR1@70000", None),
            ("0", None),
            ("", None),
        ] {
            let shown = spec(text.as_bytes()).map(|spec| (spec.signal, spec.before.as_seconds(), spec.batch_only));
            assert_eq!(shown, expected, "{text}");
        }
        for (_, signal) in NAMES {
            assert_eq!(number(name(*signal).as_bytes()), Some(*signal));
        }
    }
}
