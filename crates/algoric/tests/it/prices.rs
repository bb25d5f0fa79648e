//! `algoric price` and `algoric tariff`: what a treasurer reads before there is a centre.

use crate::program::{Call, Said};

fn ask(args: &[&str], files: &[(&str, &str)]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Call::new("algoric", folder.path()).args(args).run()
}

const COSTS: &str = "eur_per_kwh = 0.20\npue_permille = 1500\n[[machine]]\ntype = \"blade\"\ncount = 10\ncores = 10\n\
    idle_watts = 100\nfull_watts = 200\nuse_permille = 500\n";

#[test]
fn a_break_even_price_is_shown_term_by_term_beside_clouds() {
    let anchors =
        "[[anchor]]\nname = \"a cloud\"\nprice = 0.03\ncurrency = \"EUR\"\ndate = \"2026-11-01\"\nsource = \"made\"\n";
    let said =
        ask(&["price", "derive", "costs.toml", "--anchors", "a.toml"], &[("costs.toml", COSTS), ("a.toml", anchors)]);
    // 10 machines at 150 W for 8760 h are 13 140 kWh, or 2628 EUR, and half as much again for the room; half of
    // 876 000 core-hours are sold.
    insta::assert_snapshot!(said.captured(), @r"
    blade: 438000 core-hours sold and 13140 kWh drawn in a year

    COST                                   EUR A YEAR  EUR A CORE-HOUR
    energy of the machines                    2628.00            0.006
    overhead of the room                      1314.00            0.003
    subscription                                 0.00             0.00
    provision for spares                         0.00             0.00
    provision for transport and recycling        0.00             0.00
    volunteers                                   0.00             0.00
    break-even                                3942.00            0.009

    CLOUD    ON          A VCPU-HOUR  EUR A CORE-HOUR  OURS, % OF IT
    a cloud  2026-11-01     0.03 EUR             0.06           15.0

    [exit 0]
    ");
}

#[test]
fn the_templates_are_sound() {
    let costs = ask(&["price", "derive", "--template"], &[]).stdout;
    assert_eq!(ask(&["price", "derive", "c.toml", "--json"], &[("c.toml", &costs)]).code, 0);
    let tariffs = ask(&["tariff", "template"], &[]).stdout;
    let said = ask(&["tariff", "check", "t.toml"], &[("t.toml", &tariffs)]);
    insta::assert_snapshot!(said.captured(), @r"
    Sound: 6 tariffs, without a gap, an overlap or an unknown word.
    [exit 0]
    ");
    let table = ask(&["tariff", "show", "t.toml", "--machine", "blade", "--table"], &[("t.toml", &tariffs)]).stdout;
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    assert!(table["tariffs"].as_array().unwrap().iter().any(|row| row["id"] == "2026/company/blade/exclusive"));
}

#[test]
fn what_is_wrong_in_a_tariff_is_said_with_place_and_help() {
    let tariff = |rest: &str| format!("currency = \"EUR\"\n[[tariff]]\nversion = \"1\"\nkind = \"one_part\"\n{rest}");
    let check = |text: &str, words: &[&str]| {
        let said = ask(&["tariff", "check", "t.toml"], &[("t.toml", text)]);
        assert_eq!(said.code, 1, "{text}");
        for word in ["t.toml"].iter().chain(words) {
            assert!(said.stderr.contains(word), "{word}: {}", said.stderr);
        }
    };
    check(
        &tariff("category = \"compnay\"\nfrom = \"2026-01-01\"\nprice = { core_hour = 0.1 }\n"),
        &["did you mean `company`"],
    );
    check(&tariff("category = \"member\"\nfrom = \"2026-01-01\"\nprice = { core_hour = -0.1 }\n"), &["core_hour"]);
    check("currency = \"ERU\"\n", &["ERU"]);
    check("curency = \"EUR\"\n", &["curency"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said = ask(&["price", "derive", "nowhere.toml"], &[]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (1, "algoric: nowhere.toml: No such file or directory (os error 2)\n")
    );
}
