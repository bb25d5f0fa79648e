//! Files of tariffs: what is wrong in them is said with its place and a way out.

use ledger::tariff::{Book, Category, Resource, table_json};
use model::{Money, Time};

use crate::{at, france, shipped};

/// A file of member tariffs, each `version from to` with a one-part price.
fn file(tariffs: &[(&str, &str, &str)]) -> String {
    let one = |(version, from, to): &(&str, &str, &str)| {
        let to = if to.is_empty() { String::new() } else { format!("to = \"{to}\"\n") };
        format!(
            "[[tariff]]\nversion = \"{version}\"\ncategory = \"member\"\nkind = \"one_part\"\nfrom = \"{from}\"\n{to}\
             price = {{ core_hour = 0.02 }}\n"
        )
    };
    format!("currency = \"EUR\"\n{}", tariffs.iter().map(one).collect::<String>())
}

/// The file is refused, and the message has all of these.
fn refused(text: &str, expected: &[&str]) {
    let message = Book::parse(text, france()).map(|_| ()).unwrap_err().to_string();
    for words in expected {
        assert!(message.contains(words), "`{words}` is not in:\n{message}");
    }
}

#[test]
fn the_shipped_template_is_good() {
    let book = shipped();
    for category in Category::ALL {
        assert!(book.at(*category, at("2026-11-22T12:00:00Z")).is_ok(), "{category}");
    }
    let company = book.at(Category::Company, at("2026-11-22T12:00:00Z")).unwrap();
    assert_eq!(company.price(Resource::Kwh, "smp"), Some(Money(250_000)));
}

#[test]
fn a_gap_is_refused() {
    let text = file(&[("a", "2026-01-01", "2026-06-30"), ("b", "2026-08-01", "")]);
    refused(&text, &["member: nothing holds from 2026-07-01 to 2026-07-31", "version `a`", "version `b`"]);
}

#[test]
fn overlapping_versions_are_refused() {
    let text = file(&[("a", "2026-01-01", "2026-08-31"), ("b", "2026-08-01", "")]);
    refused(&text, &["both hold on 2026-08-01: end the first with to = \"2026-07-31\""]);
    // The first has no last day at all.
    refused(&file(&[("a", "2026-01-01", ""), ("b", "2026-08-01", "")]), &["end the first with to = \"2026-07-31\""]);
    refused(&file(&[("a", "2026-01-01", "2026-07-31"), ("a", "2026-08-01", "")]), &["another version `a`"]);
    refused(&file(&[("a", "2026-02-01", "2026-01-31")]), &["its last day 2026-01-31 is before its first day"]);
}

#[test]
fn an_unknown_category_names_the_nearest() {
    let text = file(&[("a", "2026-01-01", "")]).replace("\"member\"", "\"compagny\"");
    refused(&text, &["tariff 1 (version `a`, compagny)", "`compagny` is no category", "did you mean `company`?"]);
}

#[test]
fn an_unknown_resource_names_the_nearest() {
    let text = file(&[("a", "2026-01-01", "")]).replace("core_hour", "core_hours");
    refused(&text, &["`core_hours` is no resource with a price: did you mean `core_hour`?"]);
    let text = file(&[("a", "2026-01-01", "")]).replace("one_part", "onepart");
    refused(&text, &["`onepart` is no kind of tariff: did you mean `one_part`?"]);
    let text = file(&[("a", "2026-01-01", "")]).replace("version", "verson");
    refused(&text, &["unknown field `verson`", "did you mean `version`?"]);
}

#[test]
fn a_negative_price_is_refused() {
    let text = file(&[("a", "2026-01-01", "")]).replace("0.02", "{ nehalem = -0.01, any = 0.02 }");
    refused(&text, &["version `a` of member", "core_hour of nehalem is -0.01 EUR: a price cannot be negative"]);
}

#[test]
fn a_currency_with_a_typo_is_refused() {
    refused(&file(&[("a", "2026-01-01", "")]).replace("\"EUR\"", "\"ERU\""), &["\"ERU\"", "write currency = \"EUR\""]);
    let text = file(&[("a", "2026-01-01", "")]).replace("0.02", "\"0.02 EURO\"");
    refused(&text, &["`EURO` in `0.02 EURO` is no currency", "write EUR or €"]);
    refused(&file(&[("a", "2026-01-01", "")]).replace("0.02", "0.00000002"), &["more than six decimals"]);
}

#[test]
fn all_faults_come_at_once() {
    let text = file(&[("a", "2026-01-01", "2026-06-30"), ("b", "2026-08-01", "")]).replace("0.02", "-1");
    let errors = Book::parse(&text, france()).map(|_| ()).unwrap_err();
    assert_eq!(errors.0.len(), 3, "{errors}");
    refused("currency = \"EUR\"\n", &["there is no tariff: add a [[tariff]]"]);
}

#[test]
fn prices_go_with_the_kind() {
    let one = file(&[("a", "2026-01-01", "")]);
    refused(&one.replace("core_hour = 0.02", "core_hour = 0.02, kwh = 0.2"), &["a one-part tariff includes energy"]);
    refused(&one.replace("one_part", "two_part"), &["a two-part tariff has a price for energy: add kwh"]);
    refused(&one.replace("core_hour", "gpu_hour"), &["hours have no price: add core_hour"]);
    refused(&one.replace("one_part", "flat"), &["a flat tariff has no other price"]);
    refused(&format!("{one}eur_per_month = 5\n").replace("price =", "# price ="), &["hours have no price"]);
}

#[test]
fn a_type_of_machine_that_is_not_there_is_named() {
    let text = file(&[("a", "2026-01-01", "")]).replace("0.02", "{ nehalm = 0.01, any = 0.02 }");
    let errors = Book::parse(&text, france()).unwrap().unknown_machines(&["nehalem", "sandy-bridge"]);
    let message = errors.iter().map(ToString::to_string).collect::<String>();
    assert!(message.contains("`nehalm` is no type of machine of this centre: did you mean `nehalem`?"), "{message}");
}

#[test]
fn days_are_local_and_what_no_tariff_holds_on_is_said() {
    let book = Book::parse(&file(&[("a", "2026-01-01", "2026-06-30"), ("b", "2026-07-01", "2026-12-31")]), france());
    let book = book.unwrap();
    let version = |instant: &str| book.at(Category::Member, at(instant)).map(|tariff| tariff.version.clone());
    // Midnight in France is two hours earlier in Greenwich in summer, one in winter.
    assert_eq!(version("2026-06-30T21:59:59.999Z").unwrap(), "a");
    assert_eq!(version("2026-06-30T22:00:00Z").unwrap(), "b");
    assert_eq!(version("2025-12-31T23:00:00Z").unwrap(), "a");
    let late = version("2026-12-31T23:00:00Z").unwrap_err().to_string();
    assert!(late.contains("no tariff for the category member on 2027-01-01") && late.contains("version `b`"), "{late}");
    let none = book.at(Category::School, Time(0)).unwrap_err().to_string();
    assert!(none.contains("nor on any other day: add a [[tariff]] for school"), "{none}");
}

#[test]
fn the_table_has_every_name_of_a_usage_line() {
    let rows = shipped().table(&["smp"]);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert!(ids.contains(&"2026/company/smp") && ids.contains(&"2026/company/smp/exclusive"), "{ids:?}");
    let json: serde_json::Value = serde_json::from_str(&table_json(&rows)).unwrap();
    let row = json["tariffs"].as_array().unwrap().iter().find(|row| row["id"] == "2026/company/smp/exclusive").unwrap();
    assert_eq!(row["microeur"], serde_json::json!({ "kwh": 250_000, "machine_hour": 300_000, "gib_month": 20_000 }));
    assert_eq!(json["units"]["kwh"]["base_units"], 3_600_000_000_000_i64);
}
