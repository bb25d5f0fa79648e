//! `--dependency`: `afterok:12:13,after:14+5`, `afterok:12?afternotok:12`, `singleton`.

use std::fmt::Write as _;

use model::{Dependency, DependencyKind, DependencyTerm, JobId, Span};

use crate::errors::Refused;

/// A whole dependency; empty text is none.
///
/// # Errors
/// [`Refused::DependencyProblem`], as Slurm's controller answers.
pub fn parse(text: &[u8]) -> Result<Option<Dependency>, Refused> {
    let text = std::str::from_utf8(text).map_err(|_| Refused::DependencyProblem)?;
    if text.is_empty() || text == "0" {
        return Ok(None);
    }
    let (any, all) = (text.contains('?'), text.contains(','));
    if any && all {
        return Err(Refused::DependencyProblem);
    }
    let mut terms = Vec::new();
    for part in text.split(['?', ',']) {
        part_terms(part, &mut terms).ok_or(Refused::DependencyProblem)?;
    }
    Ok(Some(Dependency { terms, any }))
}

fn part_terms(part: &str, terms: &mut Vec<DependencyTerm>) -> Option<()> {
    let (word, jobs) = match part.split_once(':') {
        Some((word, jobs)) => (word, Some(jobs)),
        None => (part, None),
    };
    let word = word.to_ascii_lowercase();
    let kind = match word.as_str() {
        "singleton" if jobs.is_none() => {
            terms.push(DependencyTerm { kind: DependencyKind::Singleton, job: None, task: None });
            return Some(());
        }
        "after" => DependencyKind::After(Span::ZERO),
        "afterany" => DependencyKind::AfterAny,
        "afterok" => DependencyKind::AfterOk,
        "afternotok" => DependencyKind::AfterNotOk,
        "aftercorr" => DependencyKind::AfterCorr,
        // A bare number is an old way to say afterany.
        _ if jobs.is_none() => {
            let (job, task) = job(&word)?;
            terms.push(DependencyTerm { kind: DependencyKind::AfterAny, job: Some(job), task });
            return Some(());
        }
        _ => return None,
    };
    for text in jobs?.split(':') {
        let (text, kind) = match (kind, text.split_once('+')) {
            (DependencyKind::After(_), Some((text, minutes))) => {
                (text, DependencyKind::After(Span::minutes(minutes.parse::<u32>().ok()?.into())))
            }
            _ => (text, kind),
        };
        let (job, task) = job(text)?;
        terms.push(DependencyTerm { kind, job: Some(job), task });
    }
    Some(())
}

fn job(text: &str) -> Option<(JobId, Option<u32>)> {
    let digits = |text: &str| -> Option<u32> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
    };
    let (job, task) = match text.split_once('_') {
        Some((job, "*")) => (job, None),
        Some((job, task)) => (job, Some(digits(task)?)),
        None => (text, None),
    };
    digits(job).filter(|job| *job > 0).map(|job| (JobId(job), task))
}

/// How a term stands, as `squeue %E` says it after each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Not yet.
    Unfulfilled,
    /// Never any more.
    Failed,
}

/// The text of a dependency: `afterok:57(unfulfilled)?afterok:58(failed)`. `standing` says how each term stands;
/// `None` prints it bare, as it would be typed.
pub fn show(dependency: &Dependency, mut standing: impl FnMut(&DependencyTerm) -> Option<Standing>) -> String {
    let mut text = String::new();
    for term in &dependency.terms {
        if !text.is_empty() {
            text.push(if dependency.any { '?' } else { ',' });
        }
        text.push_str(match term.kind {
            DependencyKind::After(_) => "after",
            DependencyKind::AfterAny => "afterany",
            DependencyKind::AfterOk => "afterok",
            DependencyKind::AfterNotOk => "afternotok",
            DependencyKind::AfterCorr => "aftercorr",
            DependencyKind::Singleton => "singleton",
        });
        // Writing to a String cannot fail.
        if let Some(job) = term.job {
            write!(text, ":{job}").unwrap_or_default();
        }
        if let Some(task) = term.task {
            write!(text, "_{task}").unwrap_or_default();
        }
        if let DependencyKind::After(Span(delay @ 1..)) = term.kind {
            write!(text, "+{}", delay / 60_000).unwrap_or_default();
        }
        text.push_str(match standing(term) {
            Some(Standing::Unfulfilled) => "(unfulfilled)",
            Some(Standing::Failed) => "(failed)",
            None => "",
        });
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::{Just, Strategy, prop_oneof};

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("afterok:57", "afterok:57"),
            ("afterany:57:58", "afterany:57,afterany:58"),
            ("after:57+5", "after:57+5"),
            ("singleton", "singleton"),
            ("afterok:57?afterok:58", "afterok:57?afterok:58"),
            ("afterok:12_3,afternotok:4", "afterok:12_3,afternotok:4"),
            ("aftercorr:12", "aftercorr:12"),
            ("afterok:12_*", "afterok:12"),
            ("17", "afterany:17"),
        ] {
            let dependency = parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(show(&dependency, |_| None), expected);
            assert_eq!(parse(expected.as_bytes()).unwrap().unwrap(), dependency);
        }
        for text in [
            "bogus:1",
            "afterok:abc",
            "afterok",
            "afterok:",
            "singleton:1",
            "afterok:1,afterok:2?afterok:3",
            "after:1+x",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Refused::DependencyProblem), "{text}");
        }
        assert_eq!(parse(b""), Ok(None));
    }

    fn kind() -> impl Strategy<Value = DependencyKind> {
        use DependencyKind::{After, AfterAny, AfterCorr, AfterNotOk, AfterOk};
        prop_oneof![
            (0i64..100).prop_map(|minutes| After(Span::minutes(minutes))),
            Just(AfterAny),
            Just(AfterOk),
            Just(AfterNotOk),
            Just(AfterCorr),
        ]
    }

    fn term() -> impl Strategy<Value = DependencyTerm> {
        let singleton = DependencyTerm { kind: DependencyKind::Singleton, job: None, task: None };
        let other = (kind(), 1u32..1_000_000, proptest::option::of(0u32..1000))
            .prop_map(|(kind, job, task)| DependencyTerm { kind, job: Some(JobId(job)), task });
        prop_oneof![1 => Just(singleton), 9 => other]
    }

    proptest::proptest! {
        #[test]
        fn survives_printing(terms in proptest::collection::vec(term(), 1..6), any: bool) {
            // With one term nobody can tell.
            let dependency = Dependency { any: any && terms.len() > 1, terms };
            assert_eq!(parse(show(&dependency, |_| None).as_bytes()), Ok(Some(dependency)));
        }

        #[test]
        fn never_panics(bytes: Vec<u8>, text in "(after|afterok|singleton|[0-9:+_?,*]){0,9}") {
            parse(&bytes).ok();
            parse(text.as_bytes()).ok();
        }
    }
}
