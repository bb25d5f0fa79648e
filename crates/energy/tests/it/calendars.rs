//! Prices at the hour: windows, clock changes, Tempo, lists, changes of contract.

use energy::contract::{Book, CalendarError, Colour, Colours, Contract, Cost, Oddity, SHIPPED, Slots, parse};
use energy::{Energy, UJ_PER_KWH};
use jiff::civil::date;
use model::{Span, Time};
use proptest::prelude::*;

use crate::{at, france, interval};

fn shipped(name: &str) -> Contract {
    parse(SHIPPED).unwrap().into_iter().find(|contract| contract.name.contains(name)).unwrap()
}

fn book(contracts: Vec<Contract>) -> Book {
    Book::new(france(), contracts, Colours::default(), Slots::default()).unwrap()
}

fn contract(from: &str, price: &str) -> Contract {
    let text = format!("[[contract]]\nname = \"of {from}\"\nfrom = \"{from}\"\nprice = {{ {price} }}");
    parse(&text).unwrap().remove(0)
}

/// The slices of a time as `start name`, the start in local time.
fn slices(book: &Book, start: &str, end: &str) -> Vec<String> {
    let local = |time: Time| france().to_datetime(jiff::Timestamp::from_millisecond(time.0).unwrap());
    let slices = book.slices(at(start), at(end));
    slices.iter().map(|slice| format!("{} {}", local(slice.start).strftime("%d %H:%M"), slice.rate.name)).collect()
}

#[test]
fn windows_may_have_any_ends() {
    let price = r#"kind = "off_peak", peak_eur_per_kwh = 0.2, off_peak_eur_per_kwh = 0.1, windows = ["12:38-15:38", "23:08-04:08"]"#;
    let book = book(vec![contract("2026-01-01", price)]);
    let found = slices(&book, "2026-06-10T00:00:00+02:00", "2026-06-11T00:00:00+02:00");
    assert_eq!(
        found,
        ["10 00:00 off-peak", "10 04:08 peak", "10 12:38 off-peak", "10 15:38 peak", "10 23:08 off-peak"]
    );
}

#[test]
fn days_of_23_and_25_hours() {
    // Off-peak from 02:30 to 07:00: the hour from 02:00 comes twice in October and not at all in March.
    let price = r#"kind = "off_peak", peak_eur_per_kwh = 0.2, off_peak_eur_per_kwh = 0.1, windows = ["02:30-07:00"]"#;
    let book = book(vec![contract("2026-01-01", price)]);
    let check = |start: &str, end: &str, hours: i64, off_peak_minutes: i64, expected: &[&str]| {
        let all = book.slices(at(start), at(end));
        let minutes = |off_peak: bool| -> i64 {
            let of = all.iter().filter(|slice| (slice.rate.name == "off-peak") == off_peak);
            of.map(|slice| (slice.end - slice.start).0 / 60_000).sum()
        };
        assert_eq!(minutes(true), off_peak_minutes);
        assert_eq!(minutes(true) + minutes(false), hours * 60);
        assert_eq!(slices(&book, start, end), expected);
    };
    check(
        "2026-10-25T00:00:00+02:00",
        "2026-10-26T00:00:00+01:00",
        25,
        300,
        &["25 00:00 peak", "25 02:30 off-peak", "25 02:00 peak", "25 02:30 off-peak", "25 07:00 peak"],
    );
    check(
        "2026-03-29T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
        23,
        240,
        &["29 00:00 peak", "29 03:00 off-peak", "29 07:00 peak"],
    );
    check(
        "2026-03-28T00:00:00+01:00",
        "2026-03-29T00:00:00+01:00",
        24,
        270,
        &["28 00:00 peak", "28 02:30 off-peak", "28 07:00 peak"],
    );
}

#[test]
fn a_contract_takes_over_at_local_midnight() {
    let base = |from: &str, price: &str| contract(from, &format!("kind = \"base\", eur_per_kwh = {price}"));
    let book = book(vec![base("2026-08-01", "0.3"), base("2026-02-01", "0.1")]);
    let prices = |start: &str, end: &str| -> Vec<(i64, bool)> {
        let slices = book.slices(at(start), at(end));
        slices.iter().map(|slice| (slice.rate.microeur_per_kwh, slice.rate.is_known)).collect()
    };
    assert_eq!(prices("2026-07-31T12:00:00Z", "2026-08-01T12:00:00Z"), [(100_000, true), (300_000, true)]);
    let change = book.slices(at("2026-07-31T12:00:00Z"), at("2026-08-01T12:00:00Z"))[1].start;
    assert_eq!(change, at("2026-08-01T00:00:00+02:00"));
    // Before any contract: the first one's price, and not known.
    assert_eq!(prices("2026-01-31T00:00:00Z", "2026-02-01T12:00:00Z"), [(100_000, false), (100_000, true)]);
    // A job across midnight pays each part at its price: 2 kWh evenly over 22:00 to 02:00.
    let night = interval(at("2026-07-31T22:00:00+02:00"), at("2026-08-01T02:00:00+02:00"), Energy::ZERO);
    let mut cost = Cost::default();
    book.price(&night, Energy(2 * UJ_PER_KWH), &mut cost);
    assert_eq!((cost.price.rounded(), cost.estimated), (400_000, Energy::ZERO));
}

#[test]
fn tempo_days_begin_at_six() {
    let mut colours = Colours::default();
    let light = r#"{"values":{"2026-11-23":"Blue","2026-11-24":"RED","2026-11-25":"white","2026-11-26":"BLUE",
        "2026-11-23-fallback":"false","2026-11-24-fallback":"false","2026-11-26-fallback":"true"}}"#;
    assert_eq!(colours.import(light).unwrap(), 3);
    assert_eq!((colours.get(date(2026, 11, 24)), colours.get(date(2026, 11, 26))), (Some(Colour::Red), None));
    let book = Book::new(france(), vec![shipped("Tempo")], colours, Slots::default()).unwrap();
    assert_eq!(
        slices(&book, "2026-11-24T00:00:00+01:00", "2026-11-26T08:00:00+01:00"),
        [
            "24 00:00 blue off-peak",
            "24 06:00 red peak",
            "24 22:00 red off-peak",
            "25 06:00 white peak",
            "25 22:00 white off-peak",
            "26 06:00 blue peak",
        ]
    );
    let red = book.at(at("2026-11-24T12:00:00+01:00")).rate;
    assert_eq!((red.microeur_per_kwh, red.is_known), (729_500, true));
    // The colour of the 26th is not known: blue, and said.
    let unknown = book.at(at("2026-11-26T12:00:00+01:00")).rate;
    assert_eq!((unknown.microeur_per_kwh, unknown.is_known), (165_400, false));
    // The night of a red day still is red at five, whatever the next day is.
    assert_eq!(book.at(at("2026-11-25T05:00:00+01:00")).rate.microeur_per_kwh, 161_500);
}

#[test]
fn colours_come_in_three_formats() {
    let check = |text: &str, expected: Result<usize, &str>| {
        let found = Colours::default().import(text);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.to_string().contains(expected), "{found}"),
            (found, _) => panic!("{found:?} for {text}"),
        }
    };
    let rte = r#"{"tempo_like_calendars":{"start_date":"2026-11-22T00:00:00+01:00","values":[
        {"start_date":"2026-11-23T00:00:00+01:00","end_date":"2026-11-24T00:00:00+01:00","value":"RED","updated_date":"2026-11-22T10:20:00+01:00"},
        {"start_date":"2026-11-22T00:00:00+01:00","end_date":"2026-11-23T00:00:00+01:00","value":"BLUE","updated_date":"2026-11-21T10:20:00+01:00"}]}}"#;
    check(rte, Ok(2));
    check("date,colour\n# by hand\n2026-11-22,blue\n\n2026-11-23;x", Err("line 5"));
    check("date;couleur\n2026-11-22;BLEU\n2026-11-23;Blanc", Ok(2));
    check("<html><body>503 Service Unavailable</body></html>", Err("columns date and colour"));
    check("{}", Err("neither"));
    check("{\"values\":", Err("no JSON"));
    check("", Err("columns"));
}

#[test]
fn tempos_rules_find_a_wrong_list() {
    let check = |days: &[&str], expected: &[Oddity]| {
        let mut colours = Colours::default();
        colours.import(&format!("date,colour\n{}", days.join("\n"))).unwrap();
        assert_eq!(colours.oddities(), expected);
    };
    check(&["2026-11-23,red", "2026-11-24,red", "2026-11-29,blue"], &[]);
    check(&["2026-11-22,red"], &[Oddity::RedDay(date(2026, 11, 22))]);
    check(&["2026-11-11,red"], &[Oddity::RedDay(date(2026, 11, 11))]);
    check(&["2026-04-01,red"], &[Oddity::RedDay(date(2026, 4, 1))]);
    check(&["2026-11-22,white", "2026-11-23,white"], &[Oddity::WhiteSunday(date(2026, 11, 22))]);
    let six: Vec<String> = (4..10).map(|day| format!("2027-01-{day:02},red")).collect();
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    check(&six, &[Oddity::RedDay(date(2027, 1, 9)), Oddity::RedInARow(date(2027, 1, 9))]);
    // 23 red days in one winter, four a week.
    let mut many = Vec::new();
    let mut day = date(2026, 11, 16);
    while many.len() < 23 {
        if day.weekday().to_monday_zero_offset() < 4 && !energy::contract::is_holiday(day) {
            many.push(format!("{day},red"));
        }
        day = day.tomorrow().unwrap();
    }
    check(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[Oddity::TooManyRed(2026, 23)]);
}

#[test]
fn lists_of_prices_may_have_holes() {
    let price = r#"kind = "slots", otherwise_eur_per_kwh = 0.25, plus_eur_per_kwh = 0.05"#;
    let list = "start;end;eur_per_mwh\n2026-11-22T00:00:00+01:00;2026-11-22T01:00:00+01:00;80,00\n\
        2026-11-22T01:00:00+01:00;2026-11-22T01:15:00+01:00;-12,50\n2026-11-24T00:00:00+01:00;2026-11-24T01:00:00+01:00;90";
    let slots = Slots::parse(list).unwrap();
    let book = Book::new(france(), vec![contract("2026-01-01", price)], Colours::default(), slots).unwrap();
    let all = book.slices(at("2026-11-22T00:00:00+01:00"), at("2026-11-24T01:00:00+01:00"));
    let found: Vec<_> = all.iter().map(|slice| (slice.rate.microeur_per_kwh, slice.rate.is_known)).collect();
    assert_eq!(found, [(130_000, true), (37_500, true), (250_000, false), (140_000, true)]);
    // 49 hours at 1 kW: what fell into the missing day is said to be estimated.
    let days = interval(all[0].start, all[3].end, Energy::ZERO);
    let mut cost = Cost::default();
    book.price(&days, Energy(49 * UJ_PER_KWH), &mut cost);
    let missing = (all[2].end - all[2].start).0;
    assert_eq!(cost.estimated.0, UJ_PER_KWH / 3_600_000 * missing);
    let wrong = |text: &str, part: &str| {
        let error = Slots::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    wrong("start,end,eur_per_kwh\n2026-11-22,2026-11-23,0.1", "line 2: `2026-11-22` is no time");
    wrong("start,end,eur_per_kwh\n2026-11-22T00:00:00Z,2026-11-21T00:00:00Z,0.1", "line 2: it ends before");
    wrong("start,eur_per_kwh\n2026-11-22T00:00:00Z,0.1\n2026-11-22T00:00:00Z,0.1", "comes twice");
    wrong(
        "start,end,eur_per_kwh\n2026-11-22T00:00:00Z,2026-11-22T02:00:00Z,0.1\n2026-11-22T01:00:00Z,,0.1",
        "next one",
    );
    wrong("start,end,eur_per_kwh\n2026-11-22T00:00:00Z,2026-11-22T02:00:00Z,NaN", "no number");
    wrong("<!DOCTYPE html>\n<html>", "columns");
}

#[test]
fn shipped_contracts_are_dated_and_priced() {
    let contracts = parse(SHIPPED).unwrap();
    assert!(contracts.len() >= 5 && contracts.iter().all(|contract| !contract.source.is_empty()));
    assert_eq!(shipped("Base, 9 kVA").microeur_per_month, 19_880_000);
    // A flat kilowatt for a year of Tempo: 300 blue, 43 white and 22 red days are 0.1815 a kilowatt-hour.
    let mut colours = Colours::default();
    let mut day = date(2026, 9, 1);
    let mut lines = String::from("date,colour\n");
    for n in 0..365 {
        let colour = if n < 22 {
            "red"
        } else if n < 65 {
            "white"
        } else {
            "blue"
        };
        lines.push_str(&format!("{day},{colour}\n"));
        day = day.tomorrow().unwrap();
    }
    colours.import(&lines).unwrap();
    let book = Book::new(france(), vec![shipped("Tempo")], colours, Slots::default()).unwrap();
    let year = interval(at("2026-09-01T06:00:00+02:00"), at("2027-09-01T06:00:00+02:00"), Energy::ZERO);
    let mut cost = Cost::default();
    book.price(&year, Energy(8760 * UJ_PER_KWH), &mut cost);
    let per_kwh = cost.price.rounded() / 8760;
    assert_eq!((per_kwh + 50) / 100, 1815, "{per_kwh}");
}

#[test]
fn bad_contracts_say_what_is_wrong() {
    let check = |text: &str, part: &str| {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    let head = "[[contract]]\nname = \"x\"\nfrom = \"2026-08-01\"\n";
    check(&format!("{head}price = {{ kind = \"base\", eur_per_kw = 0.2 }}"), "eur_per_kw");
    check(&format!("{head}price = {{ kind = \"base\", eur_per_kwh = \"cheap\" }}"), "no decimal number");
    check(&format!("{head}price = {{ kind = \"base\", eur_per_kwh = nan }}"), "no decimal number");
    check(&format!("{head}prices = 1"), "prices");
    check("[[contract]]\nname = \"x\"\nfrom = \"1 August\"", "no day such as");
    let windows = "kind = \"off_peak\", peak_eur_per_kwh = 1, off_peak_eur_per_kwh = 1, windows = [\"25:00-07:00\"]";
    check(&format!("{head}price = {{ {windows} }}"), "no part of a day");
    let empty = Book::new(france(), vec![], Colours::default(), Slots::default()).unwrap_err();
    assert_eq!(empty, CalendarError::Empty);
}

proptest! {
    /// Every instant of a slice has its rate, slices have no holes, and energy divided over them is not lost.
    #[test]
    fn slices_tile_and_agree(start in 1_774_000_000_000i64..1_793_000_000_000, hours in 1i64..80, minute in 0i64..60) {
        let price = r#"kind = "off_peak", peak_eur_per_kwh = 0.2, off_peak_eur_per_kwh = 0.1, windows = ["02:17-02:44", "23:30-01:10"]"#;
        let book = book(vec![contract("2026-01-01", price), contract("2026-03-29", "kind = \"base\", eur_per_kwh = 0.15"), contract("2026-03-30", price)]);
        let (start, end) = (Time(start), Time(start) + Span::minutes(hours * 60 + minute));
        let slices = book.slices(start, end);
        prop_assert_eq!(slices[0].start, start);
        prop_assert_eq!(slices[slices.len() - 1].end, end);
        prop_assert!(slices.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].rate != pair[1].rate));
        for slice in &slices {
            let mut at = slice.start;
            while at < slice.end {
                prop_assert_eq!(book.at(at).rate, slice.rate);
                at = at + Span::minutes(7);
            }
            prop_assert_eq!(book.at(slice.end - Span(1)).rate, slice.rate);
        }
        let energy = Energy(hours * 7_777_777_777);
        let parts: Energy = book.split(&interval(start, end, energy), energy).iter().map(|(_, part)| *part).sum();
        prop_assert_eq!(parts, energy);
    }
}
