//! Dated prices by category of customer and by resource. Must not know who used what.
//!
//! Prices are data: [`Book::parse`] reads an operator's file, `data/tariffs.toml` is a template. A job keeps the tariff
//! of each of its hours; a change of tariff at midnight splits it exactly there ([`crate::price`]).

mod check;
mod file;
mod table;

use std::collections::BTreeMap;
use std::fmt;

use jiff::tz::TimeZone;
use model::{Money, Time};
use serde::Serialize;

pub use check::{TariffError, TariffErrors};
pub(crate) use table::id;
pub use table::{TableRow, table_json};

use crate::day::Day;
use crate::exact::{MIB_MS_PER_GIB_HOUR, MIB_MS_PER_GIB_MONTH, MS_PER_HOUR, UJ_PER_KWH};
use crate::words::words;

/// A template of tariffs, with its source and date. An operator copies it and writes the centre's own.
pub const SHIPPED: &str = include_str!("../../data/tariffs.toml");

words! {
    /// Whose work it is.
    Category, "category of customers",
    /// A member of the association.
    Member = "member",
    /// A company.
    Company = "company",
    /// A school, a course.
    School = "school",
    /// A laboratory of public research.
    Laboratory = "laboratory",
    /// A town, a department, a region.
    LocalAuthority = "local_authority",
    /// Work for the public, such as warnings of floods.
    PublicInterest = "public_interest",
}

words! {
    /// What is sold.
    Resource, "resource with a price",
    /// A physical core for an hour.
    CoreHour = "core_hour",
    /// A GiB of memory for an hour, above what comes with the cores.
    MemoryGibHour = "memory_gib_hour",
    /// A GPU for an hour.
    GpuHour = "gpu_hour",
    /// A whole machine for an hour, instead of its cores, memory and GPUs.
    MachineHour = "machine_hour",
    /// A measured kilowatt-hour.
    Kwh = "kwh",
    /// A GiB kept for a month of 730 hours.
    GibMonth = "gib_month",
}

impl Resource {
    /// How many base units ([`Resource::base`]) the price is for.
    pub const fn unit(self) -> i128 {
        match self {
            Resource::CoreHour | Resource::GpuHour | Resource::MachineHour => MS_PER_HOUR,
            Resource::MemoryGibHour => MIB_MS_PER_GIB_HOUR,
            Resource::Kwh => UJ_PER_KWH,
            Resource::GibMonth => MIB_MS_PER_GIB_MONTH,
        }
    }

    /// The unit's code in recommendation 20 of the UN/ECE, as electronic invoices have it: an hour, a kilowatt-hour, or
    /// one of something.
    pub const fn unit_code(self) -> &'static str {
        match self {
            Resource::CoreHour | Resource::GpuHour | Resource::MachineHour => "HUR",
            Resource::Kwh => "KWH",
            Resource::MemoryGibHour | Resource::GibMonth => "C62",
        }
    }

    /// What quantities are counted in.
    pub const fn base(self) -> &'static str {
        match self {
            Resource::CoreHour => "core_ms",
            Resource::GpuHour => "gpu_ms",
            Resource::MachineHour => "machine_ms",
            Resource::MemoryGibHour | Resource::GibMonth => "mib_ms",
            Resource::Kwh => "uj",
        }
    }
}

words! {
    /// What a tariff is made of.
    Kind, "kind of tariff",
    /// Hours, energy included.
    OnePart = "one_part",
    /// Hours, and the metered energy besides.
    TwoPart = "two_part",
    /// So much a month, whatever is used.
    Flat = "flat",
}

/// A figure that may differ by type of machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PerMachine<T> {
    /// For every type that has none of its own.
    pub any: Option<T>,
    /// By type of machine.
    pub of: BTreeMap<String, T>,
}

impl<T> Default for PerMachine<T> {
    fn default() -> Self {
        Self { any: None, of: BTreeMap::new() }
    }
}

impl<T: Copy> PerMachine<T> {
    /// Of this type of machine.
    pub fn get(&self, machine: &str) -> Option<T> {
        self.of.get(machine).copied().or(self.any)
    }
}

/// What one category pays, from a day on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tariff {
    /// What invoices call it; no two of a category have the same.
    pub version: String,
    /// Whose.
    pub category: Category,
    /// Its first day, from local midnight on.
    pub from: Day,
    /// Its last day; `None`: until further notice.
    pub to: Option<Day>,
    /// How the figures came about, and when.
    pub source: String,
    /// What it is made of.
    pub kind: Kind,
    /// A month of a project, for [`Kind::Flat`].
    pub per_month: Money,
    /// Memory in MiB that comes with each core without a price of its own.
    pub share_mib_per_core: PerMachine<i64>,
    /// Micro-euros a unit. What is not here costs nothing, but for core-hours, which must have a price.
    pub prices: BTreeMap<Resource, PerMachine<Money>>,
}

impl Tariff {
    /// The price of a unit on this type of machine.
    pub fn price(&self, resource: Resource, machine: &str) -> Option<Money> {
        self.prices.get(&resource)?.get(machine)
    }

    /// Whether an exclusive job pays for the machine instead of its parts.
    pub fn sells_machines(&self, machine: &str) -> bool {
        self.price(Resource::MachineHour, machine).is_some()
    }
}

/// All tariffs there ever were, in one zone. Checked: no gap, no overlap, no negative price.
#[derive(Clone, Debug)]
pub struct Book {
    zone: TimeZone,
    /// By category, in the order of their first days.
    tariffs: BTreeMap<Category, Vec<Dated>>,
}

/// A tariff with its ends as instants.
#[derive(Clone, Debug)]
struct Dated {
    start: Time,
    /// The first instant at which it holds no more.
    over: Option<Time>,
    tariff: Tariff,
}

impl Book {
    /// Checks tariffs and puts them in order.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn new(tariffs: Vec<Tariff>, zone: TimeZone) -> Result<Self, TariffErrors> {
        check::all(&tariffs)?;
        let mut book = Self { zone, tariffs: BTreeMap::new() };
        for tariff in tariffs {
            let (start, over) = (tariff.from.start(&book.zone), tariff.to.map(|to| to.plus(1).start(&book.zone)));
            book.tariffs.entry(tariff.category).or_default().push(Dated { start, over, tariff });
        }
        for tariffs in book.tariffs.values_mut() {
            tariffs.sort_by_key(|dated| dated.start);
        }
        Ok(book)
    }

    /// Reads the operator's file (TOML, see `data/tariffs.toml`).
    ///
    /// # Errors
    /// What cannot be read, or all that is wrong with it.
    pub fn parse(text: &str, zone: TimeZone) -> Result<Self, TariffErrors> {
        Self::new(file::read(text)?, zone)
    }

    /// Where days begin and end.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// All tariffs, by category and time.
    pub fn tariffs(&self) -> impl Iterator<Item = &Tariff> {
        self.tariffs.values().flatten().map(|dated| &dated.tariff)
    }

    /// The tariff of a category at an instant.
    ///
    /// # Errors
    /// [`NoTariff`] before the first and after the last.
    pub fn at(&self, category: Category, at: Time) -> Result<&Tariff, NoTariff> {
        let of_category = self.of(category);
        let next = of_category.partition_point(|dated| dated.start <= at);
        let dated = next.checked_sub(1).map(|last| &of_category[last]);
        let found = dated.filter(|dated| dated.over.is_none_or(|over| at < over)).map(|dated| &dated.tariff);
        found.ok_or_else(|| NoTariff {
            category,
            day: Day::of(at, &self.zone),
            near: dated.or(of_category.first()).map(|dated| describe(&dated.tariff)),
        })
    }

    fn of(&self, category: Category) -> &[Dated] {
        self.tariffs.get(&category).map_or(&[], Vec::as_slice)
    }

    /// The time from `start` to `end` in pieces of one tariff each, in order, without holes. An empty time is one
    /// empty piece.
    ///
    /// # Errors
    /// [`NoTariff`] where none holds at some time in between.
    pub fn pieces(&self, category: Category, start: Time, end: Time) -> Result<Vec<Piece<'_>>, NoTariff> {
        let edges = self.of(category).iter().flat_map(|dated| [Some(dated.start), dated.over]).flatten();
        let (mut pieces, mut at) = (Vec::with_capacity(1), start);
        loop {
            let tariff = self.at(category, at)?;
            // Where a tariff ends and none begins, `at` refuses the piece that would.
            let until = edges.clone().filter(|edge| *edge > at).fold(end, Time::min).max(at);
            pieces.push(Piece { start: at, end: until, tariff });
            at = until;
            if at >= end {
                return Ok(pieces);
            }
        }
    }

    /// What is said about types of machines that the centre does not have, with the nearest it has.
    pub fn unknown_machines(&self, known: &[&str]) -> Vec<TariffError> {
        check::unknown_machines(self.tariffs(), known)
    }
}

/// A time of one tariff.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece<'a> {
    /// From,
    pub start: Time,
    /// up to.
    pub end: Time,
    /// What is paid then.
    pub tariff: &'a Tariff,
}

/// No tariff holds on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTariff {
    category: Category,
    day: Day,
    near: Option<String>,
}

impl std::error::Error for NoTariff {}

impl fmt::Display for NoTariff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { category, day, near } = self;
        write!(f, "there is no tariff for the category {category} on {day}")?;
        match near {
            Some(near) => write!(f, " (the nearest is {near})")?,
            None => write!(f, " nor on any other day")?,
        }
        write!(f, ": add a [[tariff]] for {category} that holds on this day")
    }
}

/// `version 2026 of member, 2026-01-01 to 2026-12-31`.
fn describe(tariff: &Tariff) -> String {
    let to = tariff.to.map_or_else(|| "on".to_owned(), |to| format!("to {to}"));
    format!("version `{}` of {}, from {} {to}", tariff.version, tariff.category, tariff.from)
}
