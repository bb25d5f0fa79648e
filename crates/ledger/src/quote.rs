//! What a job will cost before it runs: the expected and the greatest cost and energy, from what it asks for and from
//! jobs like it. Must not know which jobs are alike, nor whether a budget covers it.

use model::{Money, Span, Time};
use serde::{Deserialize, Serialize};

use crate::price::{Line, PriceError, Usage, price};
use crate::tariff::{Book, Category};

/// What a job asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Type of machine.
    pub machine: String,
    /// Physical cores.
    pub cores: u32,
    /// MiB.
    pub memory_mib: u64,
    /// GPUs.
    pub gpus: u32,
    /// Whether the machine is for it alone.
    pub exclusive: bool,
    /// Its time limit.
    pub limit: Span,
    /// The most that all it reserves can draw, milliwatts: what makes the greatest energy.
    pub most_mw: i64,
}

/// A job like it that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Past {
    /// How long it ran.
    pub elapsed: Span,
    /// Core-milliseconds that it held.
    pub core_ms: i64,
    /// Microjoules that it was given.
    pub energy_uj: i64,
}

/// With fewer past jobs than this nothing is expected but the greatest.
pub const ENOUGH: usize = 3;

/// How long it may run and how much it may draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Running time.
    pub elapsed: Span,
    /// Microjoules.
    pub energy_uj: i64,
}

/// A case with its price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Priced {
    /// How long, how much.
    pub case: Case,
    /// Without tax.
    pub amount: Money,
    /// Core-milliseconds.
    pub core_ms: i64,
    /// How the amount comes about.
    pub lines: Vec<Line>,
}

/// What it will cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Quote {
    /// One of ten jobs like it was shorter.
    pub low: Priced,
    /// Half of them were shorter; the greatest where too few are known.
    pub expected: Priced,
    /// Nine of ten were shorter.
    pub high: Priced,
    /// Up to its limit at full power: never more, and what is reserved.
    pub greatest: Priced,
}

/// The cases of a request, from the past: the tenth, fiftieth and ninetieth of a hundred, and the greatest. Times by
/// rank; energy by rank of what jobs drew for each core-millisecond. Never beyond the greatest.
pub fn forecast(request: &Request, past: &[Past]) -> [Case; 4] {
    let limit = Span(request.limit.0.max(0));
    let greatest = Case { elapsed: limit, energy_uj: request.most_mw.max(0).saturating_mul(limit.0) };
    if past.len() < ENOUGH {
        return [greatest; 4];
    }
    let mut elapsed: Vec<i64> = past.iter().map(|job| job.elapsed.0.max(0)).collect();
    elapsed.sort_unstable();
    // Microwatts a core: microjoules by core-milliseconds, in thousandths of a milliwatt.
    let mut power: Vec<i128> = past
        .iter()
        .filter(|job| job.core_ms > 0)
        .map(|job| i128::from(job.energy_uj.max(0)) * 1000 / i128::from(job.core_ms))
        .collect();
    power.sort_unstable();
    let case = |percent: usize| {
        let elapsed = at_rank(&elapsed, percent).unwrap_or(limit.0).min(limit.0);
        let microwatts = at_rank(&power, percent).unwrap_or(0).saturating_mul(i128::from(request.cores));
        let energy = microwatts.saturating_mul(i128::from(elapsed)) / 1000;
        let energy_uj = i64::try_from(energy).unwrap_or(i64::MAX).min(request.most_mw.max(0).saturating_mul(elapsed));
        Case { elapsed: Span(elapsed), energy_uj }
    };
    [case(10), case(50), case(90), greatest]
}

/// The smallest of sorted values that at least so many of a hundred do not exceed.
fn at_rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Prices the cases of a request that starts at `start`: those of [`forecast`], or of whoever knows better. In order:
/// low, expected, high, greatest.
///
/// # Errors
/// [`PriceError`] where there is no price.
pub fn quote(
    book: &Book,
    category: Category,
    start: Time,
    request: &Request,
    cases: [Case; 4],
) -> Result<Quote, PriceError> {
    let priced = |case: Case| {
        let usage = Usage {
            machine: request.machine.clone(),
            start,
            end: start + case.elapsed,
            cores: request.cores,
            memory_mib: request.memory_mib,
            gpus: request.gpus,
            exclusive: request.exclusive,
            energy_uj: case.energy_uj,
            stored_mib: 0,
        };
        let lines = price(book, category, std::slice::from_ref(&usage))?;
        let amount = lines.iter().map(|line| line.amount).sum();
        let core_ms = lines.iter().map(|line| line.used.core_ms).sum();
        Ok::<_, PriceError>(Priced { case, amount, core_ms, lines })
    };
    let [low, expected, high, greatest] = cases;
    Ok(Quote { low: priced(low)?, expected: priced(expected)?, high: priced(high)?, greatest: priced(greatest)? })
}
