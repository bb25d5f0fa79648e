//! What a job paid, and what its next run should ask for, in words. Must not know how either is reckoned.

use api::{JobPrice, PriceLine, PriceTerm, RunAdvice};
use fluent_bundle::FluentValue;

use super::Speech;

/// Advice.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Advised {
    /// What to know first.
    pub remarks: Vec<String>,
    /// What comes before the lines; empty without any.
    pub lead: String,
    /// What the next script should say.
    pub lines: Vec<String>,
    /// What that saves, and what it does not say.
    pub notes: Vec<String>,
}

/// Advice by runs that used so many microjoules together.
pub fn advised(advice: &RunAdvice, energy_uj: i64, words: &impl Speech) -> Advised {
    let mut told = Advised {
        remarks: advice.remarks.iter().map(|remark| words.say(&format!("advice-{remark}"))).collect(),
        ..Advised::default()
    };
    if advice.lines.is_empty() {
        return told;
    }
    told.lead = words.say("advice-next");
    told.lines.clone_from(&advice.lines);
    if advice.saved_uj > 0 {
        let gaps = [
            ("energy", words.energy(advice.saved_uj).into()),
            ("euros", words.euros(advice.saved_microeur).into()),
            ("percent", words.percent(advice.saved_uj, energy_uj).into()),
        ];
        told.notes.push(words.with("advice-saves", &gaps));
    }
    if advice.next_cpus.is_some() {
        told.notes.push(words.say("advice-phases"));
    }
    if advice.next_limit_ms.is_some() && advice.saved_uj == 0 {
        told.notes.push(words.say("advice-sooner"));
    }
    told
}

/// What a job paid.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Priced {
    /// Amounts, each with what it is.
    pub facts: Vec<(String, String)>,
    /// Sentences.
    pub notes: Vec<String>,
}

/// What a project pays for a job, and what is estimated while it goes on.
pub fn priced(price: &JobPrice, words: &impl Speech) -> Priced {
    let mut told = Priced::default();
    if price.priced == 0 && !price.is_paid_for {
        told.notes.push(match price.project.as_str() {
            "" => words.say("price-free-none"),
            project => words.with("price-free", &[("project", project.into())]),
        });
        return told;
    }
    let mut add = |key: &str, text: String| told.facts.push((words.say(key), text));
    if price.priced > 0 {
        price.lines.iter().for_each(|line| add("price-work", used(line, words)));
        if price.lines.is_empty() {
            add("price-work", words.price(price.work_microeur));
        }
        for (reason, amount) in &price.deductions {
            add(&format!("price-off-{}", reason.replace('_', "-")), words.price(-amount));
        }
        for (reason, amount) in &price.returned {
            add(&format!("price-back-{}", reason.replace('_', "-")), words.price(-amount));
        }
        let is_final = price.due == 0 && price.running == 0 && price.held_microeur == 0;
        add(if is_final { "price-paid" } else { "price-paid-so-far" }, taxed(price, words));
    }
    if let Some(amount) = price.running_microeur {
        add("price-running", words.price(amount));
    }
    if price.held_microeur > 0 {
        add("price-most", words.price(price.held_microeur));
    }
    if price.due > 0 {
        told.notes.push(words.with("price-due", &[("runs", price.due.into())]));
    }
    if price.vat_permille > 0 && price.priced > 0 {
        told.notes.push(words.say("price-rounding"));
    }
    if told.facts.is_empty() && told.notes.is_empty() {
        told.notes.push(words.say("price-not-yet"));
    }
    told
}

/// `0.0402 € = 0.0011 core-hours × 36.0000 €`.
fn used(line: &PriceLine, words: &impl Speech) -> String {
    let term = |term: &PriceTerm| {
        let gaps: [(&str, FluentValue<'_>); 2] =
            [("quantity", words.units(term.quantity, term.unit).into()), ("price", words.price(term.microeur).into())];
        words.with(&format!("price-term-{}", term.resource.replace('_', "-")), &gaps)
    };
    let terms: Vec<String> = line.terms.iter().map(term).collect();
    let amount = words.price(line.microeur);
    // What used nothing, as clocks tell, has no terms.
    if terms.is_empty() {
        return amount;
    }
    words.with("price-used", &[("amount", amount.into()), ("terms", terms.join(" + ").into())])
}

/// What is paid, and what of tax comes on top: in micro-euros, as an invoice reckons it before its one rounding.
fn taxed(price: &JobPrice, words: &impl Speech) -> String {
    let amount = words.price(price.paid_microeur);
    if price.vat_permille == 0 {
        return words.with("price-no-tax", &[("amount", amount.into())]);
    }
    let tax = (i128::from(price.paid_microeur) * i128::from(price.vat_permille) + 500).div_euclid(1000) as i64;
    let gaps = [
        ("amount", amount.into()),
        ("vat", words.percent(i64::from(price.vat_permille), 1000).into()),
        ("total", words.price(price.paid_microeur.saturating_add(tax)).into()),
    ];
    words.with("price-tax", &gaps)
}
