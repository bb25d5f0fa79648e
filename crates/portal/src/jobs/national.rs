//! From here to a national centre: the same script, and what must be said differently there.

use api::{JobQuery, JobsReply, JobsRequest};
use askama::Template;
use axum::{extract::Path, response::Response};
use model::TimeLimit;

use super::{Named, ask};
use crate::{door::DoorError, fault::Fault, page::show, visit::Visit};

#[derive(Template)]
#[template(path = "jobs/national.html")]
struct National<'a> {
    visit: &'a Visit,
    named: Named,
    name: String,
    script: String,
    hints: Vec<(String, String)>,
}

pub(super) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
    visit.members_only()?;
    let named = Named::of(&id)?;
    let query = JobQuery { id: named.id, task: None, state: None, from: 0, count: 1 };
    let JobsReply::Job(report) = ask(&visit, JobsRequest::Job(query)).await? else {
        return Err(DoorError::Unfit.into());
    };
    let script = String::from_utf8_lossy(&report.script).into_owned();
    let hint = |key: &str, text: String| (visit.t(&format!("national-{key}")), text);
    let mut hints = vec![
        hint("account", visit.tw("national-account-help", &[("project", report.spec.account.as_str().into())])),
        hint("partition", visit.t("national-partition-help")),
        hint(
            "time",
            match report.spec.time_limit {
                TimeLimit::Span(limit) => {
                    visit.tw("national-time-help", &[("limit", visit.words().span(limit.0).into())])
                }
                _ => visit.t("national-time-none"),
            },
        ),
        hint(
            "scratch",
            visit.tw("national-scratch-help", &[("folder", report.spec.workdir.lossy().into_owned().into())]),
        ),
        hint("modules", visit.tw("national-modules-help", &[("programs", programs(&script).into())])),
        hint("size", visit.t("national-size-help")),
    ];
    if script.contains("--comment=flexible") {
        hints.push(hint("comment", visit.t("national-comment-help")));
    }
    if script.contains("algoric ") {
        hints.push(hint("algoric", visit.t("national-algoric-help")));
    }
    show(&National { visit: &visit, named, name: report.spec.name.lossy().into_owned(), script, hints })
}

/// Programs of applications that we know, as far as a script calls them: what a module must bring there.
fn programs(script: &str) -> String {
    let known = [
        ("ccx", "CalculiX"),
        ("povray", "POV-Ray"),
        ("Foam", "OpenFOAM"),
        ("python", "Python"),
        ("mpirun", "MPI"),
        ("srun", "MPI"),
        ("Rscript", "R"),
        ("julia", "Julia"),
        ("gmsh", "Gmsh"),
        ("octave", "Octave"),
    ];
    let mut found: Vec<&str> = known.iter().filter(|(word, _)| script.contains(word)).map(|(_, name)| *name).collect();
    found.dedup();
    if found.is_empty() { "…".to_owned() } else { found.join(", ") }
}
