//! What was used, at the prices of its time: lines with all their terms. Must not know who pays, nor what for.
//!
//! # The rule
//! 1. The time is split exactly where tariffs change (local midnight of a tariff's first day).
//! 2. Cores, memory and GPUs are held for the whole time, so their quantities split by milliseconds, exactly.
//! 3. Energy is spread evenly over the time: before a change there is `energy × elapsed / time`, rounded down to a
//!    microjoule; what is left comes after it. Nothing is lost.
//! 4. All that falls under one tariff, type of machine and way of selling is one line. Its amount is the exact sum of
//!    price × quantity, **rounded once**, to the nearest micro-euro, half away from zero.
//!
//! So an amount does not depend on how a time was cut into intervals before it came here.

use std::collections::BTreeMap;

use model::{Money, Time};
use serde::{Deserialize, Serialize};

use crate::exact::{Exact, Overflow};
use crate::tariff::{self, Book, Category, Kind, NoTariff, Piece, Resource, Tariff};
use model::hint;

/// What a job (or a folder, with `stored_mib`) held from one instant to another.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Type of the machine, as the tariffs name it.
    pub machine: String,
    /// From,
    pub start: Time,
    /// up to. Suspended times are left out by giving a usage before and one after.
    pub end: Time,
    /// Physical cores.
    pub cores: u32,
    /// Memory reserved, MiB.
    pub memory_mib: u64,
    /// GPUs.
    pub gpus: u32,
    /// Whether nobody else could use the machine.
    pub exclusive: bool,
    /// Energy attributed, microjoules.
    pub energy_uj: i64,
    /// Disk space kept, MiB.
    pub stored_mib: u64,
}

/// Sums of what was used, whatever its price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Amounts {
    /// Core-milliseconds.
    pub core_ms: i64,
    /// MiB-milliseconds of memory.
    pub memory_mib_ms: i128,
    /// GPU-milliseconds.
    pub gpu_ms: i64,
    /// Microjoules.
    pub energy_uj: i64,
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Amounts) {
        self.core_ms = self.core_ms.saturating_add(other.core_ms);
        self.memory_mib_ms = self.memory_mib_ms.saturating_add(other.memory_mib_ms);
        self.gpu_ms = self.gpu_ms.saturating_add(other.gpu_ms);
        self.energy_uj = self.energy_uj.saturating_add(other.energy_uj);
    }
}

/// One factor of an amount: so much of a resource at so much a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Term {
    /// What.
    pub resource: Resource,
    /// In [`Resource::base`] units.
    pub quantity: i128,
    /// Micro-euros for [`Resource::unit`] of them.
    pub price: Money,
}

impl Term {
    /// Price times quantity.
    ///
    /// # Errors
    /// [`Overflow`] where it cannot be counted.
    pub fn exact(&self) -> Result<Exact, Overflow> {
        Exact::of(self.price.0, self.quantity, self.resource.unit())
    }
}

/// What was used under one tariff: what is posted, and billed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// `VERSION/CATEGORY/MACHINE` (see [`tariff::TableRow`]).
    pub tariff: String,
    /// From,
    pub start: Time,
    /// up to.
    pub end: Time,
    /// What was used.
    pub used: Amounts,
    /// What it is made of, in the order of [`Resource`]; none of quantity 0.
    pub terms: Vec<Term>,
    /// The sum of the terms, rounded once.
    pub amount: Money,
}

/// Why something has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// At no tariff.
    #[error(transparent)]
    NoTariff(#[from] NoTariff),
    /// On a machine that the tariff does not know.
    #[error(
        "version `{version}` of {category} has no {resource} for machines of type `{machine}`: {hint} Add a price for it, or `any`"
    )]
    NoPrice {
        /// Of the tariff.
        version: String,
        /// Of the tariff.
        category: Category,
        /// What has no price.
        resource: Resource,
        /// The machine.
        machine: String,
        /// The nearest that has.
        hint: String,
    },
    /// It ends before it begins, or has negative energy.
    #[error(
        "the usage from {start} to {end} ms with {energy_uj} µJ makes no sense: an end is not before its start, energy not negative"
    )]
    Backwards {
        /// Milliseconds.
        start: i64,
        /// Milliseconds.
        end: i64,
        /// Microjoules.
        energy_uj: i64,
    },
    /// Too much.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// The lines of what one job used, in the order of their time. Without any usage there is no line.
///
/// # Errors
/// [`PriceError`]; nothing is priced then.
pub fn price(book: &Book, category: Category, usages: &[Usage]) -> Result<Vec<Line>, PriceError> {
    let mut drafts: Vec<Draft> = Vec::with_capacity(1);
    for usage in usages {
        let time = i128::from(usage.end.0) - i128::from(usage.start.0);
        if time < 0 || usage.energy_uj < 0 {
            let (start, end, energy_uj) = (usage.start.0, usage.end.0, usage.energy_uj);
            return Err(PriceError::Backwards { start, end, energy_uj });
        }
        let mut energy_before = 0;
        for piece in book.pieces(category, usage.start, usage.end)? {
            let elapsed = i128::from(piece.end.0) - i128::from(usage.start.0);
            let energy_until = if piece.end == usage.end {
                usage.energy_uj
            } else {
                (i128::from(usage.energy_uj) * elapsed / time) as i64
            };
            let energy_uj = energy_until - energy_before;
            energy_before = energy_until;
            let is_whole = usage.exclusive && piece.tariff.sells_machines(&usage.machine);
            let id = tariff::id(piece.tariff, &usage.machine, is_whole);
            let at = match drafts.iter().position(|draft| draft.id == id) {
                Some(at) => at,
                None => {
                    drafts.push(Draft::new(id, &piece));
                    drafts.len() - 1
                }
            };
            drafts[at].add(usage, &piece, energy_uj, is_whole)?;
        }
    }
    drafts.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    drafts.into_iter().map(Draft::finish).collect()
}

/// A line that is still being summed.
struct Draft {
    id: String,
    start: Time,
    end: Time,
    used: Amounts,
    terms: BTreeMap<Resource, (i128, Money)>,
}

impl Draft {
    fn new(id: String, piece: &Piece<'_>) -> Self {
        Self { id, start: piece.start, end: piece.end, used: Amounts::default(), terms: BTreeMap::new() }
    }

    fn add(&mut self, usage: &Usage, piece: &Piece<'_>, energy_uj: i64, is_whole: bool) -> Result<(), PriceError> {
        (self.start, self.end) = (self.start.min(piece.start), self.end.max(piece.end));
        let (ms, tariff) = (i128::from(piece.end.0) - i128::from(piece.start.0), piece.tariff);
        let (cores, memory) = (i128::from(usage.cores), i128::from(usage.memory_mib));
        let narrow = |number: i128| i64::try_from(number).map_err(|_| Overflow);
        self.used += Amounts {
            core_ms: narrow(cores * ms)?,
            memory_mib_ms: memory * ms,
            gpu_ms: narrow(i128::from(usage.gpus) * ms)?,
            energy_uj,
        };
        if tariff.kind == Kind::Flat {
            return Ok(());
        }
        let share = i128::from(tariff.share_mib_per_core.get(&usage.machine).unwrap_or(0));
        let beyond = (memory - cores.saturating_mul(share)).max(0);
        let quantities = [
            (Resource::CoreHour, if is_whole { 0 } else { cores * ms }),
            (Resource::MemoryGibHour, if is_whole { 0 } else { beyond * ms }),
            (Resource::GpuHour, if is_whole { 0 } else { i128::from(usage.gpus) * ms }),
            (Resource::MachineHour, if is_whole { ms } else { 0 }),
            (Resource::Kwh, i128::from(energy_uj)),
            (Resource::GibMonth, i128::from(usage.stored_mib) * ms),
        ];
        for (resource, quantity) in quantities.into_iter().filter(|(_, quantity)| *quantity > 0) {
            let Some(price) = tariff.price(resource, &usage.machine) else {
                if resource == Resource::CoreHour {
                    return Err(no_price(tariff, resource, &usage.machine));
                }
                continue;
            };
            let term = self.terms.entry(resource).or_insert((0, price));
            term.0 = term.0.checked_add(quantity).ok_or(Overflow)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Line, PriceError> {
        let terms: Vec<Term> =
            self.terms.into_iter().map(|(resource, (quantity, price))| Term { resource, quantity, price }).collect();
        let exact = terms.iter().map(Term::exact).collect::<Result<Vec<_>, _>>()?;
        let amount = exact.into_iter().sum::<Exact>().rounded()?;
        Ok(Line { tariff: self.id, start: self.start, end: self.end, used: self.used, terms, amount })
    }
}

fn no_price(tariff: &Tariff, resource: Resource, machine: &str) -> PriceError {
    let known = tariff.prices.get(&resource).map(|price| price.of.keys().map(String::as_str).collect::<Vec<_>>());
    let hint = match known.unwrap_or_default() {
        known if known.is_empty() => "it has none at all.".to_owned(),
        known => hint(machine, known),
    };
    PriceError::NoPrice {
        version: tariff.version.clone(),
        category: tariff.category,
        resource,
        machine: machine.to_owned(),
        hint,
    }
}
