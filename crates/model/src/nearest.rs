//! The word that was probably meant: one rule for all that people write. Must not know what words mean.

/// The nearest of `known` to `wrong`, if it is near: at most half of its letters differ (Levenshtein's distance).
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|known| (distance(wrong, known), known)).min()?;
    (near.0 <= near.1.chars().count() / 2).then_some(near.1)
}

/// "did you mean `x`?", or the words that there are.
pub fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// What serde says of a text that it cannot read; where it names an unknown key, with a [`hint`] on a line of its own.
pub fn hinted(text: &str) -> String {
    let text = text.trim_end();
    match key_hint(text) {
        Some(hint) => format!("{text}\n{hint}"),
        None => text.to_owned(),
    }
}

/// From serde's "unknown field `x`, expected one of `a`, `b`", at the end of what it says.
fn key_hint(text: &str) -> Option<String> {
    let message = &text[text.rfind("unknown field")?..];
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    // Where none is near, serde's own text has named them all already.
    nearest(wrong, known).map(|near| format!("did you mean `{near}`?"))
}

/// Single letters put in, left out or changed.
pub fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_near() {
        let known = ["member", "company", "school"];
        let check = |wrong: &str, expected: Option<&str>| assert_eq!(nearest(wrong, known), expected, "{wrong}");
        check("menber", Some("member"));
        check("compagny", Some("company"));
        check("shool", Some("school"));
        check("x", None);
    }

    #[test]
    fn an_unknown_key_is_answered() {
        let check = |text: &str, expected: &str| assert_eq!(hinted(text), expected);
        check(
            "at line 1\nunknown field `nmae`, expected one of `name`, `count`\n",
            "at line 1\nunknown field `nmae`, expected one of `name`, `count`\ndid you mean `name`?",
        );
        check("unknown field `zzzz`, expected `name`", "unknown field `zzzz`, expected `name`");
        check("invalid type", "invalid type");
    }
}
