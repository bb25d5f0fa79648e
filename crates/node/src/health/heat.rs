//! Temperature, as the kernel's `hwmon` has it: thousandths of a degree, and for many parts where it gets critical.

use super::{Expect, Finding, State, Tree, below, number};

/// Where a part does not say what is too much for it.
const USUAL: u32 = 95;

/// The hottest part, of those that are too hot if there are any.
pub(super) fn temperature(tree: &Tree, expect: &Expect) -> Finding {
    const START: &str = "/sys/class/hwmon/";
    let usual = expect.celsius.unwrap_or(USUAL);
    let mut parts: Vec<(bool, i64, String)> = Vec::new();
    for (path, text) in below(tree, START) {
        let Some((chip, sensor)) = path.strip_suffix("_input").and_then(|path| path.rsplit_once('/')) else { continue };
        // A sensor that is not there says -128 or 127 degrees and the like.
        let measured = text.trim().parse::<i64>().ok().filter(|at| (1_000..127_000).contains(at));
        let (Some(at), true) = (measured, sensor.starts_with("temp")) else { continue };
        let critical = number::<i64>(tree, &format!("{START}{chip}/{sensor}_crit"));
        let limit = critical.filter(|limit| (30_000..127_000).contains(limit)).unwrap_or(i64::from(usual) * 1000);
        let word = |name: String| tree.get(&format!("{START}{name}")).map(|text| text.trim().to_owned());
        let what = [word(format!("{chip}/name")), word(format!("{chip}/{sensor}_label"))];
        let what = what.into_iter().flatten().collect::<Vec<_>>().join(" ");
        parts.push((at >= limit, at, format!("{what} {} of {} °C", at / 1000, limit / 1000)));
    }
    match parts.into_iter().max() {
        None => Finding::new("temperature", State::Unknown, "no part says how warm it is"),
        Some((true, _, text)) => Finding::new("temperature", State::Bad, format!("too hot: {text}")),
        Some((false, _, text)) => Finding::new("temperature", State::Good, text),
    }
}
