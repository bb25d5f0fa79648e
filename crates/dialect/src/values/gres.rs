//! `--gres=gpu:tesla:2`, `--gpus=2`: counts of GPUs with an optional type.

use crate::errors::Refused;

/// GPUs asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gpus {
    /// How many.
    pub count: u32,
    /// Their type, where named.
    pub kind: Option<String>,
}

/// `--gpus` and its relatives: `2`, `tesla:2`, `tesla`.
///
/// # Errors
/// [`Refused::InvalidGres`].
pub fn gpus(text: &[u8]) -> Result<Gpus, Refused> {
    let text = std::str::from_utf8(text).map_err(|_| Refused::InvalidGres)?;
    let mut sum = Gpus::default();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (kind, number) = match part.split_once(':') {
            Some((kind, number)) => (Some(kind), number),
            None if part.bytes().all(|byte| byte.is_ascii_digit()) => (None, part),
            None => (Some(part), "1"),
        };
        let number: u32 = number.parse().map_err(|_| Refused::InvalidGres)?;
        sum.count = sum.count.saturating_add(number);
        sum.kind = kind.filter(|kind| !kind.is_empty()).map(str::to_owned).or(sum.kind);
    }
    Ok(sum)
}

/// `--gres`: `gpu`, `gpu:2`, `gpu:tesla:2`, `none`. Only GPUs are generic resources here.
///
/// # Errors
/// [`Refused::InvalidGres`] for any other resource.
pub fn gres(text: &[u8]) -> Result<Gpus, Refused> {
    let text = std::str::from_utf8(text).map_err(|_| Refused::InvalidGres)?;
    let mut sum = Gpus::default();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let part = part.strip_prefix("gres:").or_else(|| part.strip_prefix("gres/")).unwrap_or(part);
        if part.eq_ignore_ascii_case("none") {
            continue;
        }
        let rest = match part.strip_prefix("gpu") {
            Some("") => "1",
            Some(rest) => rest.strip_prefix([':', '=']).ok_or(Refused::InvalidGres)?,
            None => return Err(Refused::InvalidGres),
        };
        let more = gpus(rest.as_bytes())?;
        sum.count = sum.count.saturating_add(more.count);
        sum.kind = more.kind.or(sum.kind);
    }
    Ok(sum)
}

/// `gpu:2`, `gpu:tesla:2`.
pub fn show(gpus: &Gpus) -> String {
    match &gpus.kind {
        Some(kind) => format!("gpu:{kind}:{}", gpus.count),
        None => format!("gpu:{}", gpus.count),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shapes() {
        for (text, count, kind) in [
            ("gpu", 1, None),
            ("gpu:2", 2, None),
            ("gpu:tesla:2", 2, Some("tesla")),
            ("gpu:tesla", 1, Some("tesla")),
            ("none", 0, None),
            ("gpu:1,gpu:a100:2", 3, Some("a100")),
        ] {
            let parsed = gres(text.as_bytes()).unwrap();
            assert_eq!((parsed.count, parsed.kind.as_deref()), (count, kind), "{text}");
        }
        for text in ["mic:1", "gpu:x:y", "gpux", "gpu:1:2:3"] {
            assert_eq!(gres(text.as_bytes()), Err(Refused::InvalidGres), "{text}");
        }
        assert_eq!(gpus(b"2").unwrap().count, 2);
        assert_eq!(gpus(b"tesla:3").unwrap(), Gpus { count: 3, kind: Some("tesla".into()) });
        assert_eq!(show(&gres(b"gpu:tesla:2").unwrap()), "gpu:tesla:2");
    }
}
