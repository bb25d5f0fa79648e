//! `scontrol -o`: one thing a line, as `Key=Value` by spaces. Values hold spaces, too; a key is a word of letters before
//! `=`, so a value ends where the next word of that kind begins. Who writes a value that looks like a key (`Comment=x
//! NodeAddr=y`) is not believed: the first one of a name counts, and members' texts come last.

/// The pairs of one line.
pub fn pairs(line: &str) -> Vec<(&str, &str)> {
    let mut list: Vec<(&str, &str)> = Vec::new();
    let mut value_from = 0;
    let mut key: Option<&str> = None;
    for (start, word) in words(line) {
        let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_key(name)) else { continue };
        if let Some(key) = key.replace(name) {
            list.push((key, line[value_from..start].trim()));
        }
        value_from = start + name.len() + 1;
    }
    if let Some(key) = key {
        list.push((key, line[value_from..].trim()));
    }
    list
}

/// The first value of a name.
pub fn value<'a>(pairs: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split(' ').scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    })
}

fn is_key(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/:_.".contains(&byte))
}
