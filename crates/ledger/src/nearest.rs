//! The word that was probably meant. Must not know what words mean.

/// The nearest of `known` to `wrong`, if it is near: at most half of its letters differ (Levenshtein's distance).
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|known| (distance(wrong, known), known)).min()?;
    (near.0 <= near.1.chars().count() / 2).then_some(near.1)
}

/// ", did you mean `x`?" or the words that there are.
pub(crate) fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(wrong, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// Single letters put in, left out or changed.
fn distance(left: &str, right: &str) -> usize {
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
}
