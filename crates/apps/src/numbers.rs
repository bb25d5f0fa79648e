//! Sizes, times and numbers as people write them.

use dialect::values::{limit, memory as sizes};

/// `4G`, `500 Mo`, `2 GiB`, `1024`: MiB.
pub(crate) fn memory(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let ends = ["io", "iO", "iB", "o", "O"];
    let text = ends.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(&text);
    sizes::parse(text.as_bytes()).and_then(|mib| i64::try_from(mib).ok()).filter(|mib| *mib > 0)
}

/// `90 min`, `2 h 30`, `1 j`, `1 d 4 h`, and all that `--time` takes: seconds.
pub(crate) fn time(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    if !text.contains(|letter: char| letter.is_alphabetic()) {
        return limit::seconds(text.replace(' ', "").as_bytes()).filter(|seconds| *seconds > 0);
    }
    let (mut seconds, mut number, mut unit, mut last) = (0_i64, String::new(), String::new(), 0_i64);
    let mut close = |number: &mut String, unit: &mut String| -> Option<()> {
        let count: i64 = number.parse().ok()?;
        let length = match unit.as_str() {
            "j" | "d" | "jour" | "jours" | "day" | "days" => 86_400,
            "h" | "heure" | "heures" | "hour" | "hours" => 3600,
            "m" | "mn" | "min" | "minute" | "minutes" => 60,
            "s" | "sec" | "seconde" | "secondes" | "second" | "seconds" => 1,
            // `2 h 30`
            "" if last == 3600 => 60,
            _ => return None,
        };
        last = length;
        seconds = seconds.checked_add(count.checked_mul(length)?)?;
        number.clear();
        unit.clear();
        Some(())
    };
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        if letter.is_ascii_digit() {
            if !unit.is_empty() {
                close(&mut number, &mut unit)?;
            }
            number.push(letter);
        } else {
            unit.push(letter);
        }
    }
    close(&mut number, &mut unit)?;
    Some(seconds).filter(|seconds| *seconds > 0)
}

/// As `--time` has it: `0:30:00`, `2-04:00:00`. Seconds round up to a minute, as there.
pub(crate) fn slurm_time(seconds: i64) -> String {
    let minutes = seconds.div_euclid(60) + i64::from(seconds % 60 > 0);
    let (days, rest) = (minutes / 1440, minutes % 1440);
    let clock = format!("{}:{:02}:00", rest / 60, rest % 60);
    if days > 0 { format!("{days}-{clock}") } else { clock }
}

/// A number with at most one point, without exponent, in the form that every program reads.
pub(crate) fn decimal(text: &str) -> Option<(String, f64)> {
    let text: String = text.trim().replace(',', ".");
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.ends_with(|last: char| last.is_ascii_digit())
        && digits.len() <= 18;
    if !plain {
        return None;
    }
    let number = text.parse().ok()?;
    Some((text, number))
}

/// `1..10`, `1..10:2`, `0.1..0.5:0.1` as its numbers, counted exactly; `None`: it is no range, or one of more than `most`.
pub(crate) fn range(text: &str, most: usize) -> Option<Vec<String>> {
    let (first, rest) = text.split_once("..")?;
    let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let parts = [first, last, step].map(|part| decimal(part).map(|(text, _)| text));
    let [Some(first), Some(last), Some(step)] = parts else { return None };
    let places = [&first, &last, &step].into_iter().map(|text| places(text)).max()?;
    let [first, last, step] = [first, last, step].map(|text| scaled(&text, places));
    let (first, last, step) = (first?, last?, step?);
    if step <= 0 || first > last || (last - first) / step >= i128::try_from(most).ok()? {
        return None;
    }
    let count = usize::try_from((last - first) / step).ok()? + 1;
    Some((0..count).map(|at| unscaled(first + step * at as i128, places)).collect())
}

fn places(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

fn scaled(text: &str, places_wanted: usize) -> Option<i128> {
    let missing = places_wanted - places(text);
    format!("{}{}", text.replace('.', ""), "0".repeat(missing)).parse().ok()
}

fn unscaled(number: i128, places: usize) -> String {
    if places == 0 {
        return number.to_string();
    }
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_as_people_write_them() {
        for (text, seconds) in [
            ("90 min", Some(5400)),
            ("2 h 30", Some(9000)),
            ("2h", Some(7200)),
            ("1 j 4 h", Some(100_800)),
            ("1:30:00", Some(5400)),
            ("30", Some(1800)),
            ("2-00", Some(172_800)),
            ("", None),
            ("h", None),
            ("2 weeks", None),
            ("0", None),
            ("-3 h", None),
            ("99999999999999999999 h", None),
        ] {
            assert_eq!(time(text), seconds, "{text}");
        }
        for (text, mib) in [("4G", Some(4096)), ("500 Mo", Some(500)), ("2 GiB", Some(2048)), ("x", None), ("0", None)]
        {
            assert_eq!(memory(text), mib, "{text}");
        }
        for (seconds, text) in [(1800, "0:30:00"), (61, "0:02:00"), (90_000, "1-1:00:00")] {
            assert_eq!(slurm_time(seconds), text);
            assert_eq!(time(text).map(slurm_time).as_deref(), Some(text));
        }
    }

    #[test]
    fn ranges_count_exactly() {
        for (text, items) in [
            ("1..4", Some("1 2 3 4")),
            ("1..10:4", Some("1 5 9")),
            ("0.1..0.5:0.1", Some("0.1 0.2 0.3 0.4 0.5")),
            ("-1..1:0.5", Some("-1.0 -0.5 0.0 0.5 1.0")),
            ("4..1", None),
            ("1..2:0", None),
            ("1..1000000000", None),
            ("a..b", None),
        ] {
            assert_eq!(range(text, 1000).map(|items| items.join(" ")).as_deref(), items, "{text}");
        }
        assert_eq!(decimal("0,5").map(|(text, _)| text).as_deref(), Some("0.5"));
        for wrong in ["1e5", "inf", "NaN", ".5", "5.", "1.2.3", "--1", "$(id)", ""] {
            assert!(decimal(wrong).is_none(), "{wrong}");
        }
    }
}
