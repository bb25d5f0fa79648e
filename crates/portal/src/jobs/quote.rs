//! What a job would take, cost and wait, before it is submitted: the centre's quote in words, or what is wrong.

use api::{Amounts, Quote, Reply, Request, Submission};

use super::{make::Faulty, now};
use crate::{door::DoorError, visit::Visit};

/// What stands beside a form.
#[derive(Default)]
pub(super) struct Told {
    /// What is wrong with fields, by their label.
    pub wrong: Vec<(String, String)>,
    /// What is wrong with lines.
    pub faulty: Vec<Faulty>,
    /// Why the centre would refuse it.
    pub refused: Option<String>,
    /// Figures: what, how much, more about it.
    pub figures: Vec<(String, String, String)>,
    /// Sentences below them.
    pub notes: Vec<String>,
}

impl Told {
    /// What Slurm says of a line, in the reader's language, where it is known.
    pub fn words(&self, visit: &Visit, fault: &Faulty) -> Option<String> {
        crate::phrases::sbatch::told(visit.words(), &fault.text)
    }

    /// Whether it can be submitted, as far as that is known.
    pub fn is_sound(&self) -> bool {
        self.wrong.is_empty() && self.faulty.is_empty() && self.refused.is_none()
    }
}

/// Asks the centre.
///
/// # Errors
/// Only when it does not answer: a refusal is an answer.
pub(super) async fn ask(visit: &Visit, submission: &Submission) -> Result<Result<Quote, String>, DoorError> {
    match visit.command(Request::Quote(Box::new(submission.clone()))).await {
        Ok(Reply::Quote(quote)) => Ok(Ok(*quote)),
        Ok(_) => Err(DoorError::Unfit),
        Err(DoorError::Refused(refusal)) => Ok(Err(refusal_text(visit, &refusal))),
        Err(other) => Err(other),
    }
}

/// A refusal of the centre in words.
pub(super) fn refusal_text(visit: &Visit, refusal: &api::Refusal) -> String {
    let key = format!("jobs-refused-{}", crate::phrases::kebab(&format!("{:?}", refusal.code)));
    let known = visit.words().has(&key);
    let text = visit.tw(if known { &key } else { "jobs-refused-other" }, &[("detail", refusal.detail.as_str().into())]);
    text.trim().to_owned()
}

/// The figures of a quote.
pub(super) fn told(visit: &Visit, quote: &Quote) -> Told {
    let words = visit.words();
    let mut told = Told::default();
    let start = match quote.now.start {
        Some(start) if start <= now() => visit.t("quote-at-once"),
        Some(start) => words.when(start.0, now().0),
        None => visit.t("quote-unknown-start"),
    };
    told.figures.push((visit.t("quote-start"), start, String::new()));
    let limit = quote.greatest_s.map_or_else(|| visit.t("quote-no-limit"), |limit| words.span(limit * 1000));
    let most = visit.tw("quote-most", &[("most", limit.clone().into())]);
    told.figures.push(match &quote.expected {
        Some(expected) => {
            let gaps = [
                ("runs", expected.runs.into()),
                ("low", words.span(expected.low_s * 1000).into()),
                ("high", words.span(expected.high_s * 1000).into()),
                ("most", limit.into()),
            ];
            let about = visit.tw(&format!("quote-learned-{}", expected.of), &gaps);
            let middle = match expected.middle_s {
                0 => visit.t("quote-moment"),
                seconds => words.span(seconds * 1000),
            };
            (visit.t("quote-length"), middle, about)
        }
        None => (visit.t("quote-length"), most, visit.t("quote-not-learned")),
    });
    let amounts = |name: &str, amounts: &Amounts, write: &dyn Fn(i64) -> String| {
        let likely = amounts.expected.or(amounts.greatest)?;
        let about = match (amounts.expected, amounts.greatest) {
            (Some(_), Some(most)) => visit.tw("quote-most", &[("most", write(most).into())]),
            (None, Some(_)) => visit.t("quote-at-most"),
            _ => String::new(),
        };
        Some((visit.t(name), write(likely), about))
    };
    let energy = amounts("quote-energy", &quote.energy_uj, &|uj| words.energy(uj));
    let electricity = amounts("quote-electricity", &quote.now.cost_microeur, &|cost| words.money(cost));
    told.figures.extend(energy);
    told.figures.extend(electricity);
    if quote.power_mw.is_none() {
        told.notes.push(visit.t("quote-not-measured"));
    } else if !quote.price_is_known {
        told.notes.push(visit.tw("quote-assumed", &[("contract", quote.contract.as_str().into())]));
    }
    if let Some(price) = &quote.price {
        told.figures.extend(amounts("quote-price", &price.microeur, &|cost| words.money(cost)));
        told.refused.clone_from(&price.refusal);
    }
    if quote.tasks > 1 {
        told.notes.push(visit.tw("quote-tasks", &[("tasks", quote.tasks.into())]));
    }
    if let Some(later) = &quote.flexible {
        let saving = match (quote.now.cost_microeur.expected, later.cost_microeur.expected) {
            (Some(now), Some(later)) => Some(now - later),
            _ => quote.now.cost_microeur.greatest.zip(later.cost_microeur.greatest).map(|(now, later)| now - later),
        };
        if let (Some(start), Some(saving)) = (later.start, saving.filter(|saving| *saving > 0)) {
            let gaps = [("time", words.when(start.0, now().0).into()), ("saving", words.money(saving).into())];
            told.notes.push(visit.tw(if quote.is_flexible { "quote-waits" } else { "quote-could-wait" }, &gaps));
        }
    }
    told
}
