//! As much of ASN.1's Basic Encoding Rules (ITU-T X.690) as SNMP needs: definite lengths, whole numbers, object
//! identifiers. Must not know what a message means.

/// Tag of a whole number.
pub const INTEGER: u8 = 0x02;
/// Tag of a text.
pub const OCTETS: u8 = 0x04;
/// Tag of nothing.
pub const NULL: u8 = 0x05;
/// Tag of an object identifier.
pub const OID: u8 = 0x06;
/// Tag of a list.
pub const SEQUENCE: u8 = 0x30;

/// A value behind its tag and length.
pub fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = (content.len() as u32).to_be_bytes();
    match content.len() {
        short @ 0..=127 => bytes.push(short as u8),
        _ => {
            let start = length.iter().position(|byte| *byte != 0).unwrap_or(3);
            bytes.push(0x80 | (4 - start) as u8);
            bytes.extend_from_slice(&length[start..]);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A whole number.
pub fn integer(number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    // Leave out what only repeats the sign.
    let is_spare = |at: usize| {
        let sign = if bytes[at + 1] & 0x80 == 0 { 0x00 } else { 0xff };
        bytes[at] == sign
    };
    let start = (0..7).find(|&at| !is_spare(at)).unwrap_or(7);
    encode(INTEGER, &bytes[start..])
}

/// An object identifier of at least two numbers.
pub fn oid(numbers: &[u32]) -> Vec<u8> {
    let (first, rest) = numbers.split_at(numbers.len().min(2));
    let joined = first.iter().fold(0u32, |sum, number| sum * 40 + number);
    let mut content = Vec::new();
    for number in std::iter::once(&joined).chain(rest) {
        let groups = (0..5).rev().map(|at| number >> (7 * at) & 0x7f);
        let mut groups: Vec<u8> = groups.skip_while(|group| *group == 0).map(|group| group as u8 | 0x80).collect();
        // The last one of a number carries no mark; nothing left of 0 is one group of 0.
        match groups.last_mut() {
            Some(last) => *last &= 0x7f,
            None => groups.push(0),
        }
        content.extend(groups);
    }
    encode(OID, &content)
}

/// Reads values one after the other.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next value's tag and content; `None` at the end and for what is none.
    pub fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let count = usize::from(first & 0x7f);
            // None at all would be an indefinite length, which SNMP forbids.
            let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
            length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            rest = &rest[count..];
        }
        let content = rest.get(..length)?;
        self.0 = &rest[length..];
        Some((tag, content))
    }

    /// The content of the next value, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// The number of an `INTEGER`.
pub fn signed(content: &[u8]) -> Option<i64> {
    let first = *content.first()?;
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    (content.len() <= 8).then(|| content.iter().fold(sign, |sum, byte| sum << 8 | i64::from(*byte)))
}

/// The number of a counter, which has no sign; a leading 0 makes room for the last bit.
pub fn unsigned(content: &[u8]) -> Option<u64> {
    let content = if content.len() == 9 { content.strip_prefix(&[0])? } else { content };
    (1..=8).contains(&content.len()).then(|| content.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        let check = |number: i64, length: usize| {
            let bytes = integer(number);
            assert_eq!(bytes.len(), length + 2, "{number}");
            assert_eq!(signed(Reader(&bytes).expect(INTEGER).unwrap()), Some(number));
        };
        for (number, length) in [(0, 1), (127, 1), (128, 2), (-1, 1), (-128, 1), (-129, 2), (65_535, 3)] {
            check(number, length);
        }
        check(i64::MAX, 8);
        check(i64::MIN, 8);
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(u64::MAX));
        assert_eq!(unsigned(&[]), None);
    }

    #[test]
    fn identifiers_are_as_in_the_standard() {
        // X.690, 8.19.5: {2 100 3}.
        assert_eq!(oid(&[2, 100, 3]), [0x06, 0x03, 0x81, 0x34, 0x03]);
        assert_eq!(oid(&[1, 3, 6, 1, 4, 1, 318, 0]), [6, 8, 0x2b, 6, 1, 4, 1, 0x82, 0x3e, 0]);
        assert_eq!(oid(&[1, 3, u32::MAX])[3..], [0x8f, 0xff, 0xff, 0xff, 0x7f]);
    }

    #[test]
    fn long_and_broken_values() {
        let long = encode(OCTETS, &[7; 300]);
        assert_eq!(long[..4], [OCTETS, 0x82, 1, 44]);
        assert_eq!(Reader(&long).expect(OCTETS).unwrap().len(), 300);
        for broken in
            [&[][..], &[2], &[2, 5, 1], &[2, 0x80, 1], &[2, 0x85, 0, 0, 0, 0, 0], &[2, 0x84, 0xff, 0xff, 0xff, 0xff]]
        {
            assert!(Reader(broken).next().is_none(), "{broken:?}");
        }
    }
}
