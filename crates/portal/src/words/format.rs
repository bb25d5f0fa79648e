//! Numbers, amounts, units, dates and lengths of time, as each language writes them. Whole numbers in, text out: no float
//! loses a cent. Must not know the clock: what "now" is comes along.

use jiff::{Timestamp, Zoned};

use super::{Language, Words};

/// Keeps a number and its unit on one line.
const NBSP: char = '\u{a0}';
/// Between groups of three digits in French.
const THIN: char = '\u{202f}';
/// A minus that is as wide as a plus.
const MINUS: char = '\u{2212}';

/// Thousandfold steps from a millionth: what stands before a unit.
const PREFIXES: [&str; 7] = ["µ", "m", "", "k", "M", "G", "T"];
/// Where a quantity in millionths begins, and one in thousandths.
const MICRO: usize = 0;
const MILLI: usize = 1;
const ONE: usize = 2;

/// Microjoules in a watt-hour.
const UJ_PER_WH: i128 = 3_600_000_000;

impl Words {
    /// `12 345` or `12,345`.
    pub fn number(&self, number: i64) -> String {
        self.decimal(number.into(), 0)
    }

    /// A number of so many `places`: `decimal(12345, 2)` is `123,45`.
    pub fn decimal(&self, number: i128, places: u32) -> String {
        let unit = 10_u128.pow(places);
        let (whole, part) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
        let digits = whole.to_string();
        let mut text = String::with_capacity(digits.len() + 8);
        if number < 0 {
            text.push(MINUS);
        }
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(if self.is_french() { THIN } else { ',' });
            }
            text.push(digit);
        }
        if places > 0 {
            text.push(if self.is_french() { ',' } else { '.' });
            text.push_str(&format!("{part:0width$}", width = places as usize));
        }
        text
    }

    /// `45,2 %` from 452 thousandths; without a decimal where there is none.
    pub fn percent(&self, permille: i64) -> String {
        let number = if permille % 10 == 0 { self.number(permille / 10) } else { self.decimal(permille.into(), 1) };
        if self.is_french() { format!("{number}{NBSP}%") } else { format!("{number}%") }
    }

    /// An amount in micro-euros: `12,50 €`, `€12.50`. Less than a cent is not nothing: `0,0042 €`.
    pub fn money(&self, microeur: i64) -> String {
        let size = microeur.unsigned_abs();
        let places = if size == 0 || size >= 10_000 {
            2
        } else if size >= 100 {
            4
        } else {
            6
        };
        let number = self.decimal(rounded(microeur.into(), 10_i128.pow(6 - places)), places);
        match (self.language, number.strip_prefix(MINUS)) {
            (Language::French, _) => format!("{number}{NBSP}€"),
            (Language::English, Some(number)) => format!("{MINUS}€{number}"),
            (Language::English, None) => format!("€{number}"),
        }
    }

    /// What a unit costs, from micro-euros, with four places, as contracts say it: `0,2142 €`.
    pub fn price(&self, microeur: i64) -> String {
        let number = self.decimal(rounded(microeur.into(), 100), 4);
        if self.is_french() { format!("{number}{NBSP}€") } else { format!("€{number}") }
    }

    /// Energy from microjoules, in watt-hours with the prefix that suits: `812 Wh`, `12,5 kWh`.
    pub fn energy(&self, uj: i64) -> String {
        self.quantity(rounded(i128::from(uj) * 1_000_000, UJ_PER_WH), MICRO, "Wh")
    }

    /// Power from **milliwatts**, as all of the centre counts it: `182 W`, `1,25 kW`.
    pub fn power(&self, mw: i64) -> String {
        self.quantity(mw.into(), MILLI, "W")
    }

    /// Mass of CO₂e from milligrams: `12,5 g CO₂e`.
    pub fn carbon(&self, mg: i64) -> String {
        self.quantity(mg.into(), MILLI, "g CO₂e").replace("Mg", "t")
    }

    /// `1,5 Mo`, `1.5 MB`: thousands, as disks are sold.
    pub fn bytes(&self, bytes: u64) -> String {
        self.quantity(bytes.into(), ONE, if self.is_french() { "o" } else { "B" })
    }

    /// Memory from MiB: `1,5 Gio`, `1.5 GiB`; powers of two, as memory is built and Slurm counts it.
    pub fn memory(&self, mib: u64) -> String {
        let (mut value, mut prefix) = (i128::from(mib) * 1000, 0);
        while value >= 1_024_000 && prefix < 3 {
            value /= 1024;
            prefix += 1;
        }
        let byte = if self.is_french() { "o" } else { "B" };
        format!("{}{NBSP}{}i{byte}", self.three_digits(value, 3), ["M", "G", "T", "P"][prefix])
    }

    /// A length of time by its two greatest units: `45 s`, `2 h 05 min`, `3 j 4 h`.
    pub fn span(&self, ms: i64) -> String {
        let seconds = ms.max(0) / 1000;
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        let day = if self.is_french() { 'j' } else { 'd' };
        match (days, hours, minutes) {
            (0, 0, 0) if ms > 0 && seconds < 10 => {
                format!("{}{NBSP}s", self.decimal(rounded(ms.into(), 100), 1))
            }
            (0, 0, 0) => format!("{seconds}{NBSP}s"),
            (0, 0, _) => format!("{minutes}{NBSP}min{NBSP}{:02}{NBSP}s", seconds % 60),
            (0, _, _) => format!("{hours}{NBSP}h{NBSP}{:02}{NBSP}min", minutes % 60),
            _ => format!("{}{NBSP}{day}{NBSP}{}{NBSP}h", self.number(days), hours % 24),
        }
    }

    /// An instant in the centre's zone, for tables: `22 nov. 2026, 23:12`.
    pub fn time(&self, ms: i64) -> String {
        let at = self.local(ms);
        format!("{} {}{NBSP}{}, {}", at.day(), self.month_short(at.month()), at.year(), self.clock(ms))
    }

    /// A day: `22 novembre 2026`.
    pub fn date(&self, ms: i64) -> String {
        let at = self.local(ms);
        // French counts the first of a month and says the others.
        let day = if self.is_french() && at.day() == 1 { "1er".to_owned() } else { at.day().to_string() };
        format!("{day}{NBSP}{} {}", self.month_name(at.month()), at.year())
    }

    /// A month: `novembre 2026`.
    pub fn month(&self, ms: i64) -> String {
        let at = self.local(ms);
        format!("{}{NBSP}{}", self.month_name(at.month()), at.year())
    }

    /// The time of the day: `23:12`.
    pub fn clock(&self, ms: i64) -> String {
        let at = self.local(ms);
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// An instant as one says it on the same day, the day before or after, and else with its date: `aujourd’hui à 23:12`.
    pub fn when(&self, ms: i64, now_ms: i64) -> String {
        let (at, now) = (self.local(ms).date(), self.local(now_ms).date());
        let key = match (at, now) {
            (at, now) if at == now => "when-today",
            (at, now) if Some(at) == now.yesterday().ok() => "when-yesterday",
            (at, now) if Some(at) == now.tomorrow().ok() => "when-tomorrow",
            _ => return self.time(ms),
        };
        self.with(key, &[("time", self.clock(ms).into())])
    }

    /// An instant for machines: what `<time datetime>` wants.
    pub fn stamp(&self, ms: i64) -> String {
        Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
    }

    /// An instant in the centre's zone.
    pub fn local(&self, ms: i64) -> Zoned {
        Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(self.zone.clone())
    }

    /// `janvier`, from 1.
    pub fn month_name(&self, month: i8) -> String {
        self.say(&format!("month-{month}"))
    }

    /// `janv.`, from 1.
    pub fn month_short(&self, month: i8) -> String {
        self.say(&format!("month-short-{month}"))
    }

    fn is_french(&self) -> bool {
        self.language == Language::French
    }

    /// At most three digits that say something, and the prefix for which that is enough. `value` counts by the step of
    /// `prefix`.
    fn quantity(&self, value: i128, mut prefix: usize, unit: &str) -> String {
        let mut places = 0;
        // What rounds up to a thousand has the next prefix, too.
        while prefix + 1 < PREFIXES.len() && rounded(value.abs(), 10_i128.pow(places)) >= 1000 {
            places += 3;
            prefix += 1;
        }
        // Nothing is nothing of the unit itself.
        let prefix = if value == 0 { ONE } else { prefix };
        format!("{}{NBSP}{}{unit}", self.three_digits(value, places), PREFIXES[prefix])
    }

    /// A number of so many places with as many of them as make three digits, without zeros at its end.
    fn three_digits(&self, value: i128, places: u32) -> String {
        let whole = value.unsigned_abs() / 10_u128.pow(places);
        let wanted = places.min(match whole {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        });
        let (mut short, mut left) = (rounded(value, 10_i128.pow(places - wanted)), wanted);
        while left > 0 && short % 10 == 0 {
            short /= 10;
            left -= 1;
        }
        self.decimal(short, left)
    }
}

/// Divides to the nearest; half goes away from zero.
fn rounded(value: i128, by: i128) -> i128 {
    (value + if value < 0 { -by / 2 } else { by / 2 }) / by
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both languages write; `_` stands for a space that does not break, `'` for the thin one.
    fn check(write: impl Fn(&Words) -> String, french: &str, english: &str) {
        let zone = || jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(jiff::tz::TimeZone::UTC);
        for (language, expected) in [(Language::French, french), (Language::English, english)] {
            let text = write(&Words::new(language, zone()));
            assert_eq!(text.replace(NBSP, "_").replace(THIN, "'").replace(MINUS, "-"), expected);
        }
    }

    #[test]
    fn numbers_and_amounts() {
        check(|words| words.number(0), "0", "0");
        check(|words| words.number(-1_234_567), "-1'234'567", "-1,234,567");
        check(|words| words.number(100), "100", "100");
        check(|words| words.decimal(-5, 2), "-0,05", "-0.05");
        check(|words| words.percent(452), "45,2_%", "45.2%");
        check(|words| words.percent(1000), "100_%", "100%");
        check(|words| words.money(1_234_500_000), "1'234,50_€", "€1,234.50");
        check(|words| words.money(-12_505_000), "-12,51_€", "-€12.51");
        check(|words| words.money(0), "0,00_€", "€0.00");
        check(|words| words.money(4_217), "0,0042_€", "€0.0042");
        check(|words| words.price(214_200), "0,2142_€", "€0.2142");
        check(|words| words.money(7), "0,000007_€", "€0.000007");
    }

    #[test]
    fn units_have_the_prefix_that_suits() {
        check(|words| words.energy(0), "0_Wh", "0_Wh");
        check(|words| words.energy(3_600_000_000), "1_Wh", "1_Wh");
        check(|words| words.energy(45_000_000_000_000), "12,5_kWh", "12.5_kWh");
        check(|words| words.energy(3_599_999_000_000), "1_kWh", "1_kWh");
        check(|words| words.energy(1_800_000), "500_µWh", "500_µWh");
        check(|words| words.energy(i64::MAX), "2,56_GWh", "2.56_GWh");
        check(|words| words.power(182_530), "183_W", "183_W");
        check(|words| words.power(1_250_000), "1,25_kW", "1.25_kW");
        check(|words| words.power(60_040), "60_W", "60_W");
        check(|words| words.power(999_999), "1_kW", "1_kW");
        check(|words| words.carbon(12_540), "12,5_g CO₂e", "12.5_g CO₂e");
        check(|words| words.carbon(2_500_000_000), "2,5_t CO₂e", "2.5_t CO₂e");
        check(|words| words.bytes(512), "512_o", "512_B");
        check(|words| words.bytes(1_500_000), "1,5_Mo", "1.5_MB");
        check(|words| words.memory(512), "512_Mio", "512_MiB");
        check(|words| words.memory(65_536), "64_Gio", "64_GiB");
        check(|words| words.memory(1_536), "1,5_Gio", "1.5_GiB");
    }

    #[test]
    fn lengths_of_time() {
        check(|words| words.span(0), "0_s", "0_s");
        check(|words| words.span(4_250), "4,3_s", "4.3_s");
        check(|words| words.span(45_000), "45_s", "45_s");
        check(|words| words.span(90_000), "1_min_30_s", "1_min_30_s");
        check(|words| words.span(7_500_000), "2_h_05_min", "2_h_05_min");
        check(|words| words.span(273_600_000), "3_j_4_h", "3_d_4_h");
    }

    #[test]
    fn dates_in_the_zone_of_the_centre() {
        // 2026-11-22T22:12:05Z and the first of a month.
        let (evening, first) = (1_795_385_525_000, 1_793_529_000_000);
        check(|words| words.time(evening), "22 nov._2026, 23:12", "22 Nov_2026, 23:12");
        check(|words| words.date(evening), "22_novembre 2026", "22_November 2026");
        check(|words| words.date(first), "1er_novembre 2026", "1_November 2026");
        check(|words| words.month(first), "novembre_2026", "November_2026");
        check(|words| words.when(evening, evening + 60_000), "aujourd’hui à 23:12", "today at 23:12");
        check(|words| words.when(evening, evening + 3_600_000), "hier à 23:12", "yesterday at 23:12");
        check(|words| words.when(evening, evening - 86_400_000), "demain à 23:12", "tomorrow at 23:12");
        check(|words| words.stamp(evening), "2026-11-22T22:12:05Z", "2026-11-22T22:12:05Z");
    }
}
