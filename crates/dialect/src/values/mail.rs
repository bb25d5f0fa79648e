//! `--mail-type`: names to flags. The flags are our own; the names and what `ALL` holds are Slurm's.

use model::MailEvents;

/// Names and their bits, in the order that they are shown in.
pub const EVENTS: &[(&str, u16)] = &[
    ("INVALID_DEPEND", 16),
    ("BEGIN", 1),
    ("END", 2),
    ("FAIL", 4),
    ("REQUEUE", 8),
    ("STAGE_OUT", 32),
    ("TIME_LIMIT", 64),
    ("TIME_LIMIT_90", 128),
    ("TIME_LIMIT_80", 256),
    ("TIME_LIMIT_50", 512),
    ("ARRAY_TASKS", 1024),
];

/// What `ALL` stands for.
const ALL: u16 = 1 | 2 | 4 | 8 | 16 | 32;

/// A list of names; `NONE` is nothing and stands alone.
pub fn parse(text: &[u8]) -> Option<MailEvents> {
    let text = std::str::from_utf8(text).ok()?;
    if text.eq_ignore_ascii_case("NONE") {
        return Some(MailEvents(0));
    }
    let mut flags = 0;
    for word in text.split(',') {
        let word = word.trim();
        flags |= if word.eq_ignore_ascii_case("ALL") {
            ALL
        } else {
            EVENTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?.1
        };
    }
    Some(MailEvents(flags))
}

/// The names, with commas; `NONE` for nothing.
pub fn show(events: MailEvents) -> String {
    let names: Vec<&str> = EVENTS.iter().filter(|(_, bit)| events.0 & bit != 0).map(|(name, _)| *name).collect();
    if names.is_empty() { String::from("NONE") } else { names.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("END", Some("END")),
            ("end,fail", Some("END,FAIL")),
            ("ALL,TIME_LIMIT_80", Some("INVALID_DEPEND,BEGIN,END,FAIL,REQUEUE,STAGE_OUT,TIME_LIMIT_80")),
            ("NONE", Some("NONE")),
            ("bogus", None),
            ("", None),
        ] {
            assert_eq!(parse(text.as_bytes()).map(show).as_deref(), expected, "{text}");
        }
    }
}
