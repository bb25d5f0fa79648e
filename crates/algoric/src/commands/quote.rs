//! `algoric quote`: what a job would take, cost and wait, before it is submitted.

use std::ffi::OsString;

use api::{Amounts, Expected, Offer, Price, Quote, Reply, Request};
use fluent_bundle::FluentValue;
use model::{Span, Time};

use super::House;
use crate::{client::ClientError, console, exit, show, slurm, words::Words};

/// Says what a job would take and cost, expected and at most, when it would start, and what waiting would save
#[derive(clap::Args)]
pub struct Args {
    /// Print the facts as JSON, for programs (before the script, or after it)
    #[arg(long)]
    json: bool,

    /// As sbatch is given it: options, then the script (or --wrap COMMAND)
    #[arg(value_name = "SBATCH ARGUMENTS", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    line: Vec<OsString>,
}

/// Asks, and says it.
pub fn run(args: Args, house: &House) -> anyhow::Result<u8> {
    // What stands behind the script is the script's, and nothing to a quote.
    let (ours, line): (Vec<OsString>, Vec<OsString>) = args.line.into_iter().partition(|word| word == "--json");
    let submission = match slurm::submission(line) {
        Ok(submission) => submission,
        Err(code) => return Ok(code),
    };
    match house.call()?.ask(&Request::Quote(Box::new(submission)))? {
        Reply::Quote(quote) if args.json || !ours.is_empty() => show::json(&quote)?,
        Reply::Quote(quote) => {
            let now = Time(jiff::Timestamp::now().as_millisecond());
            console::line(sentences(&quote, now, &house.words).join("\n"));
        }
        _ => return Err(ClientError::Unfit.into()),
    }
    Ok(exit::OK)
}

/// The sentences, one a line: how much, how long, how much energy, what it costs now, what it costs later.
pub fn sentences(quote: &Quote, now: Time, words: &Words) -> Vec<String> {
    let mut lines = vec![size(quote, words), length(quote, words), energy(quote, words)];
    lines.push(offer("quote-now", quote, &quote.now, now, words));
    if let Some(later) = &quote.flexible {
        let key = if quote.is_flexible { "quote-flexible" } else { "quote-if-flexible" };
        lines.push(offer(key, quote, later, now, words));
        lines.extend(saving(quote, later, words));
    }
    lines.extend(price(quote, words));
    if quote.power_mw.is_some() && !quote.price_is_known {
        lines.push(words.with("quote-price-unknown", &[("contract", quote.contract.as_str().into())]));
    }
    lines
}

fn size(quote: &Quote, words: &Words) -> String {
    let memory = quote.memory_mib.map_or_else(|| words.say("quote-memory-unlimited"), |mib| words.memory(mib));
    let gaps = [
        ("tasks", quote.tasks.into()),
        ("cpus", quote.cpus.into()),
        ("memory", memory.into()),
        ("gpus", quote.gpus.into()),
        ("partition", quote.partition.as_str().into()),
        ("qos", quote.qos.as_str().into()),
    ];
    let key = if quote.gpus > 0 { "quote-size-gpus" } else { "quote-size" };
    let key = if quote.tasks > 1 { format!("{key}-tasks") } else { key.to_owned() };
    words.with(&key, &gaps)
}

fn length(quote: &Quote, words: &Words) -> String {
    let span = |seconds: i64| words.span(Span::seconds(seconds));
    let most = quote.greatest_s.map_or_else(|| words.say("quote-no-limit"), span);
    let Some(Expected { low_s, middle_s, high_s, runs, of }) = &quote.expected else {
        return words.with("quote-length-unknown", &[("most", most.into())]);
    };
    let gaps = [
        ("expected", span(*middle_s).into()),
        ("low", span(*low_s).into()),
        ("high", span(*high_s).into()),
        ("runs", (*runs).into()),
        ("most", most.into()),
    ];
    words.with(&format!("quote-length-{of}"), &gaps)
}

/// `2 to 5, 3 expected, 9 at most`, as far as it is known.
fn amounts(amounts: &Amounts, words: &Words, text: impl Fn(i64) -> String) -> String {
    let known = |amount: Option<i64>| amount.map_or_else(|| "?".to_owned(), &text);
    let gaps: [(&str, FluentValue<'_>); 4] = [
        ("low", known(amounts.low).into()),
        ("expected", known(amounts.expected).into()),
        ("high", known(amounts.high).into()),
        ("most", known(amounts.greatest).into()),
    ];
    let key = match (amounts.expected, amounts.greatest) {
        (Some(_), Some(_)) => "quote-amounts",
        (Some(_), None) => "quote-amounts-expected",
        (None, _) => "quote-amounts-most",
    };
    words.with(key, &gaps)
}

fn energy(quote: &Quote, words: &Words) -> String {
    let Some(power_mw) = quote.power_mw else { return words.say("quote-energy-unknown") };
    let amounts = amounts(&quote.energy_uj, words, |energy_uj| words.energy(energy_uj));
    let watts = words.decimal(power_mw as f64 / 1000.0);
    words.with(&format!("quote-energy-{}", quote.power_source), &[("amounts", amounts.into()), ("watts", watts.into())])
}

fn offer(key: &str, quote: &Quote, offer: &Offer, now: Time, words: &Words) -> String {
    let start = match offer.start {
        Some(start) if start <= now + Span::seconds(1) => words.say("quote-start-now"),
        Some(start) => words.with("quote-start", &[("time", words.time(start).into())]),
        None => words.say("quote-start-unknown"),
    };
    if quote.power_mw.is_none() {
        return words.with(key, &[("start", start.into())]);
    }
    let cost = amounts(&offer.cost_microeur, words, |microeur| words.euros(microeur));
    words.with(&format!("{key}-cost"), &[("start", start.into()), ("cost", cost.into())])
}

/// What the project pays, and whether it can.
fn price(quote: &Quote, words: &Words) -> Vec<String> {
    let Some(Price { tariff, microeur, refusal }) = &quote.price else { return Vec::new() };
    let mut lines = Vec::new();
    if !tariff.is_empty() {
        let amounts = amounts(microeur, words, |microeur| words.euros(microeur));
        lines.push(words.with("quote-price", &[("amounts", amounts.into()), ("tariff", tariff.as_str().into())]));
    }
    lines.extend(refusal.as_ref().map(|why| words.with("quote-refused", &[("why", why.as_str().into())])));
    lines
}

/// What waiting saves: by what is expected, else by the time limit.
fn saving(quote: &Quote, later: &Offer, words: &Words) -> Option<String> {
    let pair = |of: fn(&Amounts) -> Option<i64>| of(&quote.now.cost_microeur).zip(of(&later.cost_microeur));
    let (now, then) = pair(|amounts| amounts.expected).or_else(|| pair(|amounts| amounts.greatest))?;
    let percent = words.decimal(100.0 * (now - then) as f64 / now.abs().max(1) as f64);
    Some(words.with("quote-saving", &[("saving", words.euros(now - then).into()), ("percent", percent.into())]))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::words::Language;

    fn quote() -> Quote {
        let all = |low, expected, high, greatest| Amounts {
            low: Some(low),
            expected: Some(expected),
            high: Some(high),
            greatest: Some(greatest),
        };
        Quote {
            partition: "main".into(),
            qos: "normal".into(),
            tasks: 1,
            cpus: 2,
            memory_mib: Some(2048),
            gpus: 0,
            greatest_s: Some(7200),
            expected: Some(Expected { low_s: 600, middle_s: 750, high_s: 900, runs: 7, of: "same".into() }),
            power_mw: Some(42_000),
            power_source: "model".into(),
            energy_uj: all(25_200_000_000, 31_500_000_000, 37_800_000_000, 302_400_000_000),
            contract: "nights".into(),
            price: None,
            price_is_known: true,
            is_flexible: false,
            now: Offer { start: Some(Time(0)), cost_microeur: all(1_499, 1_874, 2_249, 17_993) },
            flexible: Some(Offer { start: Some(Time(7_200_000)), cost_microeur: all(1_112, 1_390, 1_668, 13_348) }),
        }
    }

    fn said(quote: &Quote) -> String {
        let of = |language| sentences(quote, Time(0), &Words::new(language, TimeZone::UTC)).join("\n");
        [of(Language::English), of(Language::French)].join("\n\n")
    }

    #[test]
    fn a_quote_in_words() {
        insta::assert_snapshot!(said(&quote()));
    }

    #[test]
    fn what_the_project_pays_is_said() {
        let microeur = Amounts { greatest: Some(36_000), ..Amounts::default() };
        let refusal = Some("project flood has 0.01 EUR left".to_owned());
        let price = Price { tariff: "2026/company/blade".into(), microeur, refusal };
        let said = said(&Quote { price: Some(price), ..quote() });
        for part in
            ["0.0360 € at most", "0,0360 € au plus", "2026/company/blade", "It would be refused now: project flood"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let none = Amounts::default();
        let unknown = Quote {
            tasks: 100,
            gpus: 1,
            memory_mib: None,
            greatest_s: None,
            expected: None,
            power_mw: None,
            energy_uj: none,
            price_is_known: false,
            now: Offer { start: None, cost_microeur: none },
            flexible: None,
            ..quote()
        };
        insta::assert_snapshot!(said(&unknown));
        let most = Amounts { greatest: Some(17_993), ..none };
        let partly = Quote {
            expected: None,
            energy_uj: Amounts { greatest: Some(302_400_000_000), ..none },
            is_flexible: true,
            price_is_known: false,
            now: Offer { start: Some(Time(60_000)), cost_microeur: most },
            flexible: Some(Offer {
                start: Some(Time(7_200_000)),
                cost_microeur: Amounts { greatest: Some(13_348), ..none },
            }),
            ..quote()
        };
        insta::assert_snapshot!(said(&partly));
    }
}
