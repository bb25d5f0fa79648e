//! What a meter is, in the reader's language: the drivers name their meters in English, for logs and programs.

use fluent_bundle::FluentValue;

use crate::visit::Visit;

/// How drivers name them, with `{}` for what differs, and the text for it, whose gaps are `a` and `b`.
const KNOWN: [(&str, &str); 9] = [
    ("model of {} W and {} mW for each CPU that computes", "meter-model"),
    ("RAPL counters of the processors ({})", "meter-rapl"),
    ("Shelly plug at {}", "meter-shelly"),
    ("Tasmota plug at {}", "meter-tasmota"),
    ("Redfish controller at {}", "meter-redfish"),
    ("IPMI controller at {}", "meter-ipmi"),
    ("IPMI controller of this machine", "meter-ipmi-own"),
    ("{} power strip at {}", "meter-pdu"),
    ("{} NVIDIA cards by their driver", "meter-nvml"),
];

/// A meter's name in words; one that is not known stays as it is.
pub fn named(visit: &Visit, name: &str) -> String {
    let said = |(pattern, key): &(&str, &str)| {
        let parts = gaps(pattern, name)?;
        let gaps: Vec<(&str, FluentValue<'_>)> =
            ["a", "b"].into_iter().zip(parts).map(|(gap, part)| (gap, part.into())).collect();
        Some(visit.tw(key, &gaps))
    };
    KNOWN.iter().find_map(said).unwrap_or_else(|| name.to_owned())
}

/// What stands where a pattern has its `{}`; `None`: it does not fit.
fn gaps<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = pattern.split("{}");
    let mut rest = text.strip_prefix(fixed.next()?)?;
    let mut found = Vec::new();
    for part in fixed {
        let at = if part.is_empty() { rest.len() } else { rest.find(part)? };
        found.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (text, found) in [
            ("model of 60 W and 8051 mW for each CPU that computes", Some(("meter-model", vec!["60", "8051"]))),
            ("RAPL counters of the processors (2)", Some(("meter-rapl", vec!["2"]))),
            ("Shelly plug at 10.0.0.12", Some(("meter-shelly", vec!["10.0.0.12"]))),
            ("IPMI controller of this machine", Some(("meter-ipmi-own", vec![]))),
            ("APC power strip at rack-1", Some(("meter-pdu", vec!["APC", "rack-1"]))),
            ("4 NVIDIA cards by their driver", Some(("meter-nvml", vec!["4"]))),
            ("an abacus", None),
            ("", None),
        ] {
            let known = KNOWN.iter().find_map(|(pattern, key)| Some((*key, gaps(pattern, text)?)));
            assert_eq!(known, found, "{text}");
        }
    }
}
