//! Lists of machines: `node[01-03,7]` and back.

/// More names than any list here may have: a bracket is a cheap way to ask for a great deal of memory.
const MOST: usize = 65_536;
/// More bytes than they may have together, for the same reason.
const MOST_BYTES: usize = 4 << 20;
/// More brackets than the name of any machine has.
const MOST_BRACKETS: usize = 8;

/// All names of a list; `None` where brackets do not fit, a range runs backwards, or there are too many.
pub fn expand(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for part in super::jobs::split_outside_brackets(text.as_bytes()) {
        let part = std::str::from_utf8(part).ok()?.trim();
        if !part.is_empty() {
            expand_one(part, &mut names)?;
        }
    }
    Some(names)
}

fn expand_one(mut rest: &str, names: &mut Vec<String>) -> Option<()> {
    // No name is longer than the list that it comes from.
    let most = MOST.min(MOST_BYTES / rest.len());
    if rest.matches('[').count() > MOST_BRACKETS {
        return None;
    }
    let mut found = vec![String::new()];
    while let Some(open) = rest.find('[') {
        let close = open + rest[open..].find(']')?;
        let choices = choices(&rest[open + 1..close])?;
        if found.len().saturating_mul(choices.len()) > most {
            return None;
        }
        let prefix = &rest[..open];
        found = found
            .iter()
            .flat_map(|start| choices.iter().map(move |choice| format!("{start}{prefix}{choice}")))
            .collect();
        rest = &rest[close + 1..];
    }
    if rest.contains(']') || found.len() + names.len() > most {
        return None;
    }
    names.extend(found.into_iter().map(|start| start + rest));
    Some(())
}

fn choices(list: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let width = first.len();
        let (first, last) = (number(first)?, number(last)?);
        if last < first || (last - first) as usize >= MOST - all.len() {
            return None;
        }
        all.extend((first..=last).map(|number| format!("{number:0width$}")));
    }
    Some(all)
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

/// The shortest list of these names: the numbers at their ends as ranges, prefixes in the order they come.
pub fn compress<S: AsRef<str>>(names: &[S]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let digits = name.len() - name.bytes().rev().take(18).take_while(u8::is_ascii_digit).count();
        let (prefix, digits) = name.split_at(digits);
        match groups.iter_mut().find(|(known, list)| *known == prefix && list[0].is_empty() == digits.is_empty()) {
            Some((_, list)) => list.push(digits),
            None => groups.push((prefix, vec![digits])),
        }
    }
    let parts: Vec<String> = groups.into_iter().map(|(prefix, digits)| compress_group(prefix, digits)).collect();
    parts.join(",")
}

fn compress_group(prefix: &str, mut digits: Vec<&str>) -> String {
    digits.sort_by_key(|text| (number(text), text.len()));
    digits.dedup();
    if let [only] = digits.as_slice() {
        return format!("{prefix}{only}");
    }
    let mut ranges: Vec<(&str, &str)> = Vec::new();
    for text in digits {
        match ranges.last_mut() {
            // 099 and 100 are one range of width 3, 9 and 10 one of width 1, 9 and 010 are not.
            Some((first, last))
                if number(last).is_some_and(|last| format!("{:0width$}", last + 1, width = first.len()) == text) =>
            {
                *last = text;
            }
            _ => ranges.push((text, text)),
        }
    }
    let ranges: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| if first == last { first.to_owned() } else { format!("{first}-{last}") })
        .collect();
    format!("{prefix}[{}]", ranges.join(","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn shapes() {
        for (list, names) in [
            ("vm", "vm"),
            ("node[01-03,7]", "node01 node02 node03 node7"),
            ("a,b[1-2]c", "a b1c b2c"),
            ("r[1-2]n[8-10]", "r1n8 r1n9 r1n10 r2n8 r2n9 r2n10"),
            ("", ""),
        ] {
            assert_eq!(expand(list).unwrap().join(" "), names);
        }
        for list in ["a[1", "a1]", "a[2-1]", "a[x]", "a[]", "a[1-99999999]", "a[1-300]b[1-300]"] {
            assert_eq!(expand(list), None, "{list}");
        }
        for (names, list) in [
            ("vm", "vm"),
            ("node01 node02 node03 node07", "node[01-03,07]"),
            ("n9 n10 n8", "n[8-10]"),
            ("n098 n099 n100", "n[098-100]"),
            ("a1 b1 a2 vm", "a[1-2],b1,vm"),
            ("n9 n010", "n[9,010]"),
        ] {
            assert_eq!(compress(&names.split(' ').collect::<Vec<_>>()), list);
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(names in proptest::collection::btree_set("[a-c]{1,2}[0-9]{0,3}", 1..20)) {
            let names: Vec<String> = names.into_iter().collect();
            let again: BTreeSet<String> = expand(&compress(&names)).unwrap().into_iter().collect();
            assert_eq!(again, names.into_iter().collect());
        }

        #[test]
        fn never_panics(text: String, list in "[a0-9,\\[\\]-]{0,16}") {
            expand(&text);
            if let Some(names) = expand(&list) {
                compress(&names);
            }
        }
    }
}
