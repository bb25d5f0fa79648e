//! From phases of steady load to what a machine draws idle and for each CPU that computes, and from a part that has
//! counters to the whole. Must not know how load is made or power read.

use crate::units::narrow;
use crate::{Energy, Power};

/// A time of steady load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Phase {
    /// CPUs that computed, on average, in thousandths.
    pub busy_milli: i64,
    /// Mean power.
    pub power: Power,
}

/// A machine's power as a line over its load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// With nothing to do.
    pub idle: Power,
    /// More for each CPU that computes.
    pub per_cpu: Power,
    /// The farthest phase from the line, in thousandths of its power: processors are no straight line.
    pub residual_permille: u32,
}

/// Why phases give no line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CalibrationError {
    /// Fewer than two different loads.
    #[error("two phases of different load are needed: an idle one and a busy one")]
    TooFew,
    /// More load, less power; or less than nothing at no load.
    #[error("the power does not grow with the load: is it this machine that is measured, and is it drained?")]
    Backwards,
}

/// The line nearest to all phases (least squares), in whole numbers.
///
/// # Errors
/// [`CalibrationError`].
pub fn fit(phases: &[Phase]) -> Result<Line, CalibrationError> {
    let sum = |of: &dyn Fn(i128, i128) -> i128| -> i128 {
        phases.iter().map(|phase| of(phase.busy_milli.into(), phase.power.0.into())).sum()
    };
    let count = phases.len() as i128;
    let (x, y, xx, xy) = (sum(&|x, _| x), sum(&|_, y| y), sum(&|x, _| x * x), sum(&|x, y| x * y));
    let spread = count * xx - x * x;
    if spread == 0 {
        return Err(CalibrationError::TooFew);
    }
    // Milliwatts for a thousandth of a CPU are `rise / spread`: divided last, so that nothing is rounded before.
    let rise = count * xy - x * y;
    let (per_cpu, idle) = (rise * 1000 / spread, (y * spread - rise * x) / (count * spread));
    if rise <= 0 || idle < 0 {
        return Err(CalibrationError::Backwards);
    }
    let residual = |phase: &Phase| {
        let on_line = idle + rise * i128::from(phase.busy_milli) / spread;
        let power = i128::from(phase.power.0);
        (power - on_line).abs() * 1000 / power.max(1)
    };
    let residual_permille = phases.iter().map(residual).max().unwrap_or(0).min(u32::MAX.into()) as u32;
    Ok(Line { idle: Power(narrow(idle)), per_cpu: Power(narrow(per_cpu)), residual_permille })
}

/// The thousandths by which a part that has counters (its processors) is multiplied to be the whole, from the energy of
/// both over the same busy time. `None` where the part is more than the whole, or less than a tenth of it: then it is
/// not a part of this whole.
pub fn factor_permille(part: Energy, whole: Energy) -> Option<u32> {
    let permille = (i128::from(whole.0) * 1000).checked_div(part.0.into())?;
    u32::try_from(permille).ok().filter(|permille| (1000..=10_000).contains(permille))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found() {
        let check = |phases: &[(i64, i64)], expected: Result<(i64, i64, u32), CalibrationError>| {
            let phase = |&(busy_milli, watts)| Phase { busy_milli, power: Power::watts(watts) };
            let found = fit(&phases.iter().map(phase).collect::<Vec<_>>());
            assert_eq!(found.map(|line| (line.idle.0, line.per_cpu.0, line.residual_permille)), expected);
        };
        // A Sandy Bridge node: 56 W idle, 252 W with 16 cores.
        check(&[(0, 56), (16_000, 252)], Ok((56_000, 12_250, 0)));
        check(&[(0, 60), (8000, 190), (16_000, 250)], Ok((71_666, 11_875, 194)));
        check(&[(0, 60)], Err(CalibrationError::TooFew));
        check(&[(0, 60), (0, 70)], Err(CalibrationError::TooFew));
        check(&[], Err(CalibrationError::TooFew));
        check(&[(0, 250), (16_000, 60)], Err(CalibrationError::Backwards));
        check(&[(8000, 10), (16_000, 100)], Err(CalibrationError::Backwards));
    }

    #[test]
    fn a_part_becomes_the_whole() {
        // 152 W by the processors were 277 W at the board.
        assert_eq!(factor_permille(Energy(152_000), Energy(277_000)), Some(1822));
        assert_eq!(factor_permille(Energy(277_000), Energy(152_000)), None);
        assert_eq!(factor_permille(Energy(0), Energy(5)), None);
    }
}
