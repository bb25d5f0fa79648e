//! What names accounts have that we make. Must not know how they are made.

/// Whether an account may be called that: small letters, digits, `-` and `_`, a letter first, 2 to 32 of them. Debian's
/// `useradd` takes more; what it takes beyond that is what scripts trip over.
pub fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"-_".contains(&letter))
        && (2..=32).contains(&name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, good) in [
            ("anna", true),
            ("anna-m_2", true),
            ("a", false),
            ("", false),
            ("-rf", false),
            ("--home=/", false),
            ("2anna", false),
            ("Anna", false),
            ("anna:x", false),
            ("anna\n", false),
            ("an na", false),
            ("anna.m", false),
            ("../anna", false),
            ("zoé", false),
        ] {
            assert_eq!(is_name(name), good, "{name:?}");
        }
        assert!(!is_name(&"a".repeat(33)));
    }
}
