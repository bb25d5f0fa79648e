//! What a kilowatt-hour costs and emits here, by the hour: the contracts and factors that the operator chose, with the
//! calendars that were imported. Must not know who used any.

use std::path::{Path, PathBuf};

use energy::{
    account::Tariffs,
    calendar::Calendar,
    carbon::{self, Factors},
    contract::{self, Book, Colours, Contract, Price, Slots},
};
use jiff::{civil::Date, tz::TimeZone};
use store::{Reader, StoreError};

use crate::config::{ConfigError, ContractChoice, File};

/// Calendars that change by the day, as lines that [`energy`] reads. Empty: none was imported.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calendars {
    /// Colours of Tempo days.
    pub tempo: String,
    /// Prices by the hour.
    pub spot: String,
    /// The grid's carbon by the quarter of an hour.
    pub eco2mix: String,
}

impl Calendars {
    /// Those that were imported into a data file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stored(reader: &Reader) -> Result<Self, StoreError> {
        let mut calendars = Self::default();
        for calendar in Calendar::ALL {
            let lines = reader.calendar(calendar.name())?;
            *calendars.of(calendar) = calendar.text(lines.iter().map(String::as_str));
        }
        Ok(calendars)
    }

    /// One of them.
    pub fn of(&mut self, calendar: Calendar) -> &mut String {
        match calendar {
            Calendar::Tempo => &mut self.tempo,
            Calendar::Spot => &mut self.spot,
            Calendar::Eco2mix => &mut self.eco2mix,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Electricity {
    /// Prices.
    pub book: Book,
    /// Carbon.
    pub factors: Factors,
    /// The zone of both: a day, a month and an hour of the contract are local ones.
    pub zone: TimeZone,
    /// The operator named no contract: the book has the regulated one's price for want of better, and no slice of it
    /// says that it is known.
    pub is_assumed: bool,
}

impl Electricity {
    /// Of a configuration, which lies at `path`.
    ///
    /// # Errors
    /// [`ConfigError`]: which file, and what in it.
    pub fn load(path: &Path, file: &File, calendars: &Calendars) -> Result<Self, ConfigError> {
        let section = &file.electricity;
        let zone = match &section.zone {
            None => TimeZone::system(),
            Some(name) => zone(name).ok_or_else(|| {
                let text = format!("`{name}` is no zone such as Europe/Paris");
                ConfigError::Value { path: path.display().to_string(), key: "electricity: zone".to_owned(), text }
            })?,
        };
        let own = section.file.as_ref().map(|name| own_contracts(&beside(path, name))).transpose()?;
        let is_assumed = section.contract.is_empty() && own.is_none();
        let contracts = if is_assumed { assumed() } else { chosen(path, &section.contract, own.unwrap_or_default())? };
        let calendar = |what: &str, fault: &dyn std::fmt::Display| ConfigError::Syntax {
            path: format!("the imported calendar `{what}`"),
            text: fault.to_string(),
        };
        let mut colours = Colours::default();
        if !calendars.tempo.is_empty() {
            colours.import(&calendars.tempo).map_err(|fault| calendar("tempo", &fault))?;
        }
        let slots = match calendars.spot.as_str() {
            "" => Slots::default(),
            text => Slots::parse(text).map_err(|fault| calendar("spot", &fault))?,
        };
        let book = Book::new(zone.clone(), contracts, colours, slots).map_err(|fault| syntax(path, &fault))?;
        let mut factors = factors(path, file, &zone)?;
        if !calendars.eco2mix.is_empty() {
            factors.import_eco2mix(&calendars.eco2mix).map_err(|fault| calendar("eco2mix", &fault))?;
        }
        Ok(Self { book, factors, zone, is_assumed })
    }

    /// Both, as accounts take them.
    pub fn tariffs(&self) -> Tariffs<'_> {
        Tariffs { book: &self.book, factors: &self.factors }
    }
}

/// By its name, or by rules as POSIX writes them.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().or_else(|| TimeZone::posix(name).ok())
}

/// A path of the configuration begins at its directory.
fn beside(config: &Path, path: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new(".")).join(path)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.display().to_string(), source })
}

fn syntax(path: &Path, fault: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Syntax { path: path.display().to_string(), text: model::hinted(&fault.to_string()) }
}

fn factors(path: &Path, file: &File, zone: &TimeZone) -> Result<Factors, ConfigError> {
    let (path, text) = match &file.carbon.file {
        None => (path.to_owned(), carbon::SHIPPED.to_owned()),
        Some(name) => {
            let own = beside(path, name);
            let text = read(&own)?;
            (own, text)
        }
    };
    Factors::parse(zone.clone(), &text).map_err(|fault| syntax(&path, &fault))
}

fn own_contracts(path: &Path) -> Result<Vec<Contract>, ConfigError> {
    contract::parse(&read(path)?).map_err(|fault| syntax(path, &fault))
}

/// The first regulated contract, from a day that never comes: before a book's first contract its price is taken, and is
/// said not to be known.
fn assumed() -> Vec<Contract> {
    let first = shipped().into_iter().next();
    first.map(|first| Contract { from: Date::MAX, ..first }).into_iter().collect()
}

/// What comes with the program is read by a test.
fn shipped() -> Vec<Contract> {
    contract::parse(contract::SHIPPED).unwrap_or_default()
}

/// The contracts that the operator named, of their own file or of those that come with the program; all of the file
/// where none is named.
fn chosen(path: &Path, choices: &[ContractChoice], own: Vec<Contract>) -> Result<Vec<Contract>, ConfigError> {
    let wrong = |text: String| {
        let (path, key) = (path.display().to_string(), "electricity: contract".to_owned());
        ConfigError::Value { path, key, text }
    };
    let found = if choices.is_empty() {
        own
    } else {
        let known: Vec<Contract> = own.into_iter().chain(shipped()).collect();
        choices.iter().map(|choice| taken(choice, &known).map_err(wrong)).collect::<Result<_, _>>()?
    };
    let mut days: Vec<Date> = found.iter().map(|contract| contract.from).collect();
    days.sort_unstable();
    match days.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(wrong(format!(
            "two contracts begin on {}: name those that were in force, and give each its own `from`",
            pair[0]
        ))),
        None => Ok(found),
    }
}

fn taken(choice: &ContractChoice, known: &[Contract]) -> Result<Contract, String> {
    let Some(found) = known.iter().find(|contract| contract.name == choice.name) else {
        return Err(unknown(&choice.name, known));
    };
    let mut contract = found.clone();
    contract.from = choice.from.unwrap_or(found.from);
    if !choice.windows.is_empty() {
        match &mut contract.price {
            Price::OffPeak(price) => price.windows.clone_from(&choice.windows),
            Price::Tempo(price) => price.windows.clone_from(&choice.windows),
            Price::Base(_) | Price::Slots(_) => return Err(format!("`{}` has no off-peak hours", choice.name)),
        }
    }
    Ok(contract)
}

fn unknown(name: &str, known: &[Contract]) -> String {
    let names: Vec<&str> = known.iter().map(|contract| contract.name.as_str()).collect();
    // People write the beginning, and no capitals.
    let beginning = |known: &str| known.chars().take(name.chars().count()).collect::<String>().to_lowercase();
    let asked = name.to_lowercase();
    let near = names.iter().min_by_key(|known| model::distance(&asked, &beginning(known))).copied().unwrap_or_default();
    format!("no contract is called `{name}`; did you mean `{near}`?\nthere are:\n  {}", names.join("\n  "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use energy::{Energy, Flag, Interval, UJ_PER_KWH, contract::Cost};
    use model::{Span, Time};

    use super::*;
    use crate::config;

    /// Loads a configuration beside `contracts.toml` and `carbon.toml` of these texts.
    fn load(text: &str, contracts: &str, carbon: &str, calendars: &Calendars) -> Result<Electricity, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("contracts.toml"), contracts).unwrap();
        std::fs::write(folder.path().join("carbon.toml"), carbon).unwrap();
        let file = config::parse("config.toml", text).map_err(|fault| fault.to_string())?;
        Electricity::load(&folder.path().join("config.toml"), &file, calendars).map_err(|fault| fault.to_string())
    }

    /// The price in micro-euros, and whether it is known, at an instant.
    fn price(electricity: &Electricity, at: &str) -> (i64, bool) {
        let at = Time(at.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let rate = electricity.book.at(at).rate;
        (rate.microeur_per_kwh, rate.is_known)
    }

    const PARIS: &str = "[electricity]\nzone = 'CET-1CEST,M3.5.0,M10.5.0/3'\n";
    const OWN: &str = "[[contract]]\nname = 'cooperative'\nfrom = '2026-01-01'\nprice = { kind = 'base', eur_per_kwh = 0.31 }\n\
        [[contract]]\nname = 'cooperative, nights'\nfrom = '2026-07-01'\n[contract.price]\nkind = 'off_peak'\n\
        peak_eur_per_kwh = 0.3\noff_peak_eur_per_kwh = 0.2\nwindows = ['22:00-06:00']\n";

    #[test]
    fn contracts_come_by_name_from_files_or_not_at_all() {
        let check = |text: &str, at: &str, expected: (i64, bool), is_assumed: bool| {
            let found = load(&format!("{PARIS}{text}"), OWN, "", &Calendars::default()).unwrap();
            assert_eq!((price(&found, at), found.is_assumed), (expected, is_assumed), "{text} at {at}");
        };
        check("", "2026-09-01T12:00:00Z", (198_500, false), true);
        let nights = "contract = 'Tarif Bleu HP/HC, 9 kVA, with tax'";
        check(nights, "2026-09-01T12:00:00Z", (214_200, true), false);
        check(nights, "2026-09-01T21:00:00Z", (158_900, true), false);
        // Summer time: 22:00 in Paris is 20:00 UTC.
        check(nights, "2026-09-01T20:00:00Z", (158_900, true), false);
        check(nights, "2026-06-01T12:00:00Z", (214_200, false), false);
        check("file = 'contracts.toml'", "2026-06-30T21:59:00Z", (310_000, true), false);
        check("file = 'contracts.toml'", "2026-07-01T21:59:00Z", (200_000, true), false);
        let several = "file = 'contracts.toml'\n[[electricity.contract]]\nname = 'cooperative'\n\
            [[electricity.contract]]\nname = 'Tarif Bleu HP/HC, 9 kVA, with tax'\nfrom = '2026-10-01'\nwindows = ['12:30-15:00']";
        check(several, "2026-09-30T21:00:00Z", (310_000, true), false);
        check(several, "2026-10-01T11:00:00Z", (158_900, true), false);
    }

    #[test]
    fn a_change_of_contract_prices_each_part_of_the_night() {
        let text = format!(
            "{PARIS}file = 'contracts.toml'\n[[electricity.contract]]\nname = 'cooperative'\n\
             [[electricity.contract]]\nname = 'cooperative, nights'\nfrom = '2026-10-25'\n"
        );
        let found = load(&text, OWN, "", &Calendars::default()).unwrap();
        // From 22:00 to 06:00 in the night of 25 hours: nine hours, two of them before the change.
        let start = Time("2026-10-24T22:00:00+02:00".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let energy = Energy(9 * UJ_PER_KWH);
        let night = Interval { start, end: start + Span::minutes(9 * 60), energy, flag: Flag::Measured, source: 0 };
        let mut cost = Cost::default();
        found.book.price(&night, energy, &mut cost);
        assert_eq!(cost.price.rounded(), 2 * 310_000 + 7 * 200_000);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, contracts: &str, carbon: &str, parts: &[&str]| {
            let shown = load(text, contracts, carbon, &Calendars::default()).unwrap_err();
            for part in parts {
                assert!(shown.contains(part), "{text}: {shown}");
            }
        };
        check("[electricity]\ncontrat = 'x'", OWN, "", &["line 2", "did you mean `contract`?"]);
        check("[electricity]\ncontract = 3", OWN, "", &["line 2", "the name of a contract"]);
        check("[[electricity.contract]]\nnme = 'x'", OWN, "", &["line 2", "did you mean `name`?"]);
        check("[[electricity.contract]]\nname = 'x'\nfrom = 'May'", OWN, "", &["line 3", "`May` is no day"]);
        check(
            "[electricity]\ncontract = 'tarif bleu base'",
            OWN,
            "",
            &["did you mean `Tarif Bleu Base, 9", "there are:"],
        );
        check("[electricity]\nzone = 'Paris'", OWN, "", &["config.toml: electricity: zone: `Paris` is no zone"]);
        check("[electricity]\nfile = 'none.toml'", OWN, "", &["none.toml cannot be read"]);
        let wrong = "[[contract]]\nname = 'x'\nfrom = '2026-01-01'\nprice = { kind = 'base', eur_per_kw = 1 }";
        check(
            "[electricity]\nfile = 'contracts.toml'",
            wrong,
            "",
            &["contracts.toml", "line", "did you mean `eur_per_kwh`?"],
        );
        let twice = "[[electricity.contract]]\nname = 'Tarif Bleu Base, 9 kVA and more, with tax'\n".repeat(2);
        check(&twice, OWN, "", &["two contracts begin on 2026-08-01"]);
        let windows = "[[electricity.contract]]\nname = 'cooperative'\nwindows = ['22:00-06:00']\n\
            [electricity]\nfile = 'contracts.toml'";
        check(windows, OWN, "", &["has no off-peak hours"]);
        check(
            "[carbon]\nfile = 'carbon.toml'",
            OWN,
            "[[factor]]\nfrm = '2025-01-01'",
            &["carbon.toml", "mean `from`?"],
        );
        check("[carbon]\nfile = 'carbon.toml'", OWN, "", &["carbon.toml", "factor"]);
    }

    #[test]
    fn calendars_colour_days() {
        let calendars = Calendars { tempo: "date,colour\n2026-11-24,red\n".to_owned(), ..Calendars::default() };
        let text = format!("{PARIS}contract = 'Tarif Bleu Tempo, 9 kVA, with tax'");
        let found = load(&text, OWN, "", &calendars).unwrap();
        assert_eq!(price(&found, "2026-11-24T12:00:00+01:00"), (729_500, true));
        // A day that is missing counts as blue, and not as known.
        assert_eq!(price(&found, "2026-11-25T12:00:00+01:00"), (165_400, false));
        let html = Calendars { tempo: "<html>".to_owned(), ..Calendars::default() };
        assert!(load(&text, OWN, "", &html).unwrap_err().contains("imported calendar `tempo`"));
    }
}
