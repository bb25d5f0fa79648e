//! `--mem`: sizes in MiB.

/// `100`, `100M`, `1G`, `2000k`, `204MB`: in MiB, kibibytes rounded up; a bare number is MiB.
pub fn parse(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number: u64 = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    let suffix = text[digits..].to_ascii_lowercase();
    let unit = match suffix.as_slice() {
        [unit] | [unit, b'b'] => *unit,
        [] => b'm',
        _ => return None,
    };
    match unit {
        b'k' => Some(number.div_ceil(1024)),
        b'm' => Some(number),
        b'g' => number.checked_mul(1 << 10),
        b't' => number.checked_mul(1 << 20),
        b'p' => number.checked_mul(1 << 30),
        _ => None,
    }
    // So that sums and conversions to bytes cannot overflow anywhere.
    .filter(|mib| *mib < 1 << 43)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::{put_memory, shown};

    #[test]
    fn shapes() {
        for (text, mib) in [
            ("100", 100),
            ("100K", 1),
            ("100M", 100),
            ("1G", 1024),
            ("0", 0),
            ("1T", 1 << 20),
            ("100MB", 100),
            ("2000k", 2),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(mib), "{text}");
        }
        for text in ["1.5G", "xyz", "", "G", "1GG", "-1", "99999999999999999999", "9999999999T"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(mib in 0u64..1 << 43) {
            assert_eq!(parse(shown(|out| put_memory(out, mib)).as_bytes()).unwrap(), mib);
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            parse(&bytes);
        }
    }
}
