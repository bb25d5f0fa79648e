//! `--array`: `0-15%4`, `1,3,5-7:2`.

use model::{ArraySpec, IndexSet};

/// The greatest task number that can be written; how many the centre takes is its own business.
pub const MAX_INDEX: u32 = 4_000_000;

/// A whole array specification, with its limit.
pub fn parse(text: &[u8]) -> Option<ArraySpec> {
    let text = std::str::from_utf8(text).ok()?;
    // The limit may stand after any part, and what stands before it counts; no number is no limit, as 0 is.
    let limit = text.split_once('%').map(|(_, limit)| crate::values::leading_integer(limit.as_bytes()));
    let parts: Vec<&str> = text.split(',').map(|part| part.split('%').next().unwrap_or_default()).collect();
    let tasks = task_list(&parts.join(","))?;
    Some(ArraySpec { tasks, limit: limit.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0) })
}

/// A list of task numbers, without brackets and limit.
pub fn task_list(text: &str) -> Option<IndexSet> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parts = text.split(',').filter(|part| !part.is_empty());
    let ranges = parts.map(range).collect::<Option<Vec<(u32, u32, u32)>>>()?;
    if ranges.is_empty() {
        return None;
    }
    // Overlaps are written out one by one, so their sum must stay small too.
    let tasks: u64 =
        ranges.iter().map(|(first, last, step)| u64::from(last.saturating_sub(*first) / (*step).max(1)) + 1).sum();
    if tasks > u64::from(MAX_INDEX) + 1 {
        return None;
    }
    IndexSet::from_ranges(ranges).ok()
}

fn range(text: &str) -> Option<(u32, u32, u32)> {
    let (range, step) = match text.split_once(':') {
        Some((range, step)) => (range, number(step)?),
        None => (text, 1),
    };
    match range.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?, step)),
        // A step of a single number makes no sense.
        None if step == 1 => number(range).map(|only| (only, only, 1)),
        None => None,
    }
}

fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?.filter(|number| *number <= MAX_INDEX)
}

/// What `squeue` shows of a pending array's tasks: `3-4%2`.
pub fn put(out: &mut Vec<u8>, tasks: &IndexSet, limit: Option<u32>) {
    crate::text::put(out, format_args!("{tasks}"));
    if let Some(limit) = limit {
        crate::text::put(out, format_args!("%{limit}"));
    }
}

/// The same as Slurm's listings have it: steps written out, and cut like Slurm's own buffer at `most` bytes, with dots.
pub fn put_listed(out: &mut Vec<u8>, tasks: &IndexSet, limit: Option<u32>, most: usize) {
    let start = out.len();
    // With the comma that goes again.
    let enough = most.saturating_add(1);
    for range in tasks.to_string().split(',') {
        match range.split_once(':').and_then(|_| self::range(range)) {
            Some((first, last, step)) => {
                for task in (first..=last).step_by(step as usize) {
                    crate::text::put(out, format_args!("{task},"));
                    if out.len() - start > enough {
                        break;
                    }
                }
            }
            None => crate::text::put(out, format_args!("{range},")),
        }
        if out.len() - start > enough {
            break;
        }
    }
    // The last comma.
    out.pop();
    if out.len() - start > most {
        out.truncate(start + most.saturating_sub(4));
        out.extend_from_slice(b"...");
    }
    if let Some(limit) = limit {
        crate::text::put(out, format_args!("%{limit}"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::shown;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("1-4%2", "1-4%2"),
            ("0-9:3", "0-9:3"),
            ("1,3,7-9", "1,3,7-9"),
            ("3-5:2", "3-5:2"),
            ("7", "7"),
            ("1-3%0", "1-3"),
            ("[1-3]", "1-3"),
            ("1,", "1"),
            ("1%", "1"),
            ("1-3%x", "1-3"),
            ("1-3%2,5", "1-3,5%2"),
        ] {
            let spec = parse(text.as_bytes()).unwrap();
            assert_eq!(shown(|out| put(out, &spec.tasks, spec.limit)), expected, "{text}");
        }
        for text in ["5-1", "x", "", ",", "1-", "-1", "%2", "1:2", "1-3:0", "0-99999999", "4294967296"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn listed() {
        for (text, expected) in [("1-5:2%2", "1,3,5%2"), ("0-10:5,20-30", "0,5,10,20-30"), ("0-100:2", "0,2,4,6,...")] {
            let spec = parse(text.as_bytes()).unwrap();
            assert_eq!(shown(|out| put_listed(out, &spec.tasks, spec.limit, 12)), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(tasks in proptest::collection::btree_set(0u32..500, 1..40), limit in proptest::option::of(1u32..9)) {
            let spec = ArraySpec { tasks: tasks.into_iter().collect(), limit };
            let text = shown(|out| put(out, &spec.tasks, spec.limit));
            let again = parse(text.as_bytes()).unwrap();
            assert_eq!((again.tasks.iter().collect::<Vec<_>>(), again.limit), (spec.tasks.iter().collect(), limit));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, text in "[0-9,%:\\[\\]-]{0,12}") {
            parse(&bytes);
            parse(text.as_bytes());
        }
    }
}
