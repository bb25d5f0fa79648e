//! A new job: which application, its form or a script, what it would take, and its submission.

use std::collections::BTreeMap;

use api::{JobQuery, JobsQuery, JobsReply, JobsRequest, JobsWhich, Role};
use apps::{Choice, Field, Kind, Template as App};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    Named, ask,
    form::{Draft, SCRIPT, app_of, fault_text, submit},
    quote::{self, Told},
};
use crate::{
    door::DoorError,
    fault::Fault,
    page::show,
    visit::{Posted, Visit},
};

/// What stands in an empty editor.
const BLANK: &str = "#!/bin/bash\n#SBATCH --job-name=hello\n#SBATCH --time=10\n#SBATCH --cpus-per-task=1\n#SBATCH --mem=1G\n\necho \"on $(hostname), with $SLURM_CPUS_PER_TASK CPUs\"\n";

#[derive(Template)]
#[template(path = "jobs/choose.html")]
struct Chooser<'a> {
    visit: &'a Visit,
    apps: Vec<(String, String, String)>,
    faults: Vec<String>,
    recent: Vec<super::list::Line>,
}

#[derive(Template)]
#[template(path = "jobs/no-account.html")]
struct NoAccount<'a> {
    visit: &'a Visit,
}

/// Who has no account of the machine looks and does not compute; the page says why.
pub(crate) fn no_account(visit: &Visit) -> Result<Response, Fault> {
    show(&NoAccount { visit })
}

pub(super) async fn choose(visit: Visit) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return no_account(&visit);
    }
    let (all, faults) = visit.house().shelf.all();
    let language = visit.lang();
    let say = |app: App| (app.name, app.title.say(language).to_owned(), app.about.say(language).to_owned());
    let query = JobsQuery { count: 5, ..JobsQuery::default() };
    let (recent, _) = super::list::lines(&visit, query).await?;
    let faults = if visit.me.is(Role::Operator) { faults } else { Vec::new() };
    show(&Chooser { visit: &visit, apps: all.into_iter().map(say).collect(), faults, recent })
}

/// A field as the form shows it.
struct Shown {
    name: String,
    kind: &'static str,
    label: String,
    help: String,
    unit: String,
    value: String,
    required: bool,
    choices: Vec<(String, String)>,
    bounds: Option<(String, String)>,
    advanced: bool,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "jobs/new.html")]
struct New<'a> {
    visit: &'a Visit,
    app: String,
    title: String,
    about: String,
    fields: Vec<Shown>,
    script: Option<String>,
    folder: String,
    told: Told,
    /// More about it, and in which language that is.
    readme: (String, &'static str),
    learned: Option<String>,
}

impl New<'_> {
    /// Whether something further down is wrong.
    fn is_open(&self) -> bool {
        self.fields.iter().any(|field| field.advanced && field.wrong.is_some())
    }
}

#[derive(Template)]
#[template(path = "jobs/quote.html")]
struct Fragment<'a> {
    visit: &'a Visit,
    told: Told,
}

#[derive(Deserialize, Default)]
pub(super) struct From {
    #[serde(default)]
    from: String,
}

pub(super) async fn form(visit: Visit, Path(app): Path<String>, Query(from): Query<From>) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return no_account(&visit);
    }
    let mut values = BTreeMap::new();
    let mut learned = None;
    if app == SCRIPT {
        let (script, folder) = copied(&visit, &from.from).await?;
        values.insert("script".to_owned(), script);
        values.insert("folder".to_owned(), folder);
    } else {
        let template = app_of(&visit, &app)?;
        match filled(&visit, &app, &from.from).await? {
            Some(copied) => values.extend(copied),
            None => {
                let (suggested, why) = suggest(&visit, &template).await?;
                values.extend(suggested);
                learned = why;
            }
        }
    }
    let draft = Draft::of(&visit, &app, values)?;
    let told = draft.told(&visit).await?;
    show(&draft.page(&visit, told, learned))
}

/// The script of an earlier job and its folder, if one is named.
async fn copied(visit: &Visit, from: &str) -> Result<(String, String), Fault> {
    if from.is_empty() {
        return Ok((BLANK.to_owned(), String::new()));
    }
    let report = report_of(visit, Named::of(from)?).await?;
    Ok((String::from_utf8_lossy(&report.script).into_owned(), report.spec.workdir.lossy().into_owned()))
}

/// Where an earlier job is made again: on the form that it was filled in on, else in the editor.
pub(super) async fn again(visit: Visit, Path(id): Path<String>) -> Result<Response, Fault> {
    visit.members_only()?;
    let named = Named::of(&id)?;
    let form = report_of(&visit, named).await?.form.filter(|form| visit.house().shelf.get(&form.app).is_some());
    let editor = form.map_or_else(|| SCRIPT.to_owned(), |form| form.app);
    Ok(Redirect::to(&format!("/jobs/new/{editor}?from={}", named.id)).into_response())
}

async fn report_of(visit: &Visit, named: Named) -> Result<api::JobReport, Fault> {
    let query = JobQuery { id: named.id, task: None, state: None, from: 0, count: 1 };
    match ask(visit, JobsRequest::Job(query)).await? {
        JobsReply::Job(report) => Ok(*report),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// What was filled in for an earlier job, if one is named and was made by this template.
async fn filled(visit: &Visit, app: &str, from: &str) -> Result<Option<Vec<(String, String)>>, Fault> {
    if from.is_empty() {
        return Ok(None);
    }
    let form = report_of(visit, Named::of(from)?).await?.form;
    Ok(form.filter(|form| form.app == app).map(|form| form.values))
}

/// Time and memory from what the member's last job of this kind took, and how that is told.
async fn suggest(visit: &Visit, template: &App) -> Result<(BTreeMap<String, String>, Option<String>), Fault> {
    let mut values = BTreeMap::new();
    let option = |wanted: &str| template.fields.iter().find(|field| field.option.as_deref() == Some(wanted));
    let Some(name) = option("job-name").map(|field| field.default.clone()) else { return Ok((values, None)) };
    let query = JobsQuery { which: JobsWhich::Well, name: name.clone(), count: 1, ..JobsQuery::default() };
    let JobsReply::List { lines, .. } = ask(visit, JobsRequest::List(query)).await? else { return Ok((values, None)) };
    let Some(last) = lines.into_iter().find(|line| line.name.lossy() == name) else { return Ok((values, None)) };
    let query = JobQuery { id: last.id, task: None, state: None, from: 0, count: 50 };
    let JobsReply::Job(report) = ask(visit, JobsRequest::Job(query)).await? else { return Ok((values, None)) };
    let runs = report.rows.iter().filter(|row| row.step.is_none());
    let ran = runs.clone().filter_map(|row| Some((row.end? - row.start?).0)).max();
    let used = runs.filter_map(|row| row.usage).map(|usage| usage.max_rss_kib).max();
    if let (Some(field), Some(ran)) = (option("time"), ran) {
        // Half as long again, in steps of five minutes: a short limit starts sooner, one too short ends the job.
        let minutes = (ran * 3 / 2 / 60_000 / 5 + 1) * 5;
        values.insert(field.name.clone(), format!("{minutes} min"));
    }
    if let (Some(field), Some(kib)) = (option("mem"), used.filter(|kib| *kib > 0)) {
        let mib = (kib * 3 / 2 / 1024 / 256 + 1) * 256;
        values.insert(field.name.clone(), format!("{mib}M"));
    }
    // What no longer fits the template's bounds is left out.
    values.retain(|name, value| {
        let given = BTreeMap::from([(name.clone(), value.clone())]);
        template.check(&given).err().is_none_or(|wrong| wrong.iter().all(|wrong| wrong.field != *name))
    });
    let gaps = [
        ("job", last.id.to_string().into()),
        ("time", ran.map_or_else(String::new, |ran| visit.words().span(ran)).into()),
        ("memory", used.map_or_else(String::new, |kib| visit.words().memory(kib.div_ceil(1024))).into()),
    ];
    let told = (!values.is_empty()).then(|| visit.tw("new-learned", &gaps));
    Ok((values, told))
}

impl Draft {
    async fn told(&self, visit: &Visit) -> Result<Told, DoorError> {
        let mut told = match &self.made {
            Some(made) => match quote::ask(visit, made).await? {
                Ok(quote) => quote::told(visit, &quote),
                Err(refused) => Told { refused: Some(refused), ..Told::default() },
            },
            None => Told::default(),
        };
        told.wrong =
            self.wrong.iter().map(|wrong| (self.label(visit, &wrong.field), fault_text(visit, wrong))).collect();
        told.faulty.clone_from(&self.faulty);
        Ok(told)
    }

    fn label(&self, visit: &Visit, name: &str) -> String {
        let field = self.app.iter().flat_map(|app| &app.fields).find(|field| field.name == name);
        field.map_or_else(|| name.to_owned(), |field| field.label.say(visit.lang()).to_owned())
    }

    fn page<'a>(&self, visit: &'a Visit, told: Told, learned: Option<String>) -> New<'a> {
        let language = visit.lang();
        let (name, title, about, readme) = match &self.app {
            Some(app) => (
                app.name.clone(),
                app.title.say(language).to_owned(),
                app.about.say(language).to_owned(),
                app.readme.say_or(language),
            ),
            None => (SCRIPT.to_owned(), visit.t("new-script"), visit.t("new-script-about"), ("", language)),
        };
        let shown = |field: &Field| self.shown(visit, field);
        New {
            visit,
            app: name,
            title,
            about,
            readme: (readme.0.to_owned(), readme.1),
            fields: self.app.iter().flat_map(|app| &app.fields).map(shown).collect(),
            script: self.app.is_none().then(|| self.values.get("script").cloned().unwrap_or_default()),
            folder: self.values.get("folder").cloned().unwrap_or_default(),
            told,
            learned,
        }
    }

    fn shown(&self, visit: &Visit, field: &Field) -> Shown {
        let language = visit.lang();
        let wrong = self.wrong.iter().find(|wrong| wrong.field == field.name);
        let (kind, choices, bounds) = match &field.kind {
            Kind::Integer { least, most } => ("integer", Vec::new(), Some((least.to_string(), most.to_string()))),
            Kind::Decimal { .. } => ("decimal", Vec::new(), None),
            Kind::Choice(choices) => {
                ("choice", choices.iter().map(|choice| label_of(choice, language)).collect(), None)
            }
            Kind::Text { lines: true, .. } => ("lines", Vec::new(), None),
            Kind::Text { .. } => ("text", Vec::new(), None),
            Kind::File { .. } => ("file", Vec::new(), None),
            Kind::Boolean => ("boolean", Vec::new(), None),
            Kind::Memory { .. } => ("memory", Vec::new(), None),
            Kind::Time { .. } => ("time", Vec::new(), None),
            Kind::List { .. } => ("lines", Vec::new(), None),
        };
        Shown {
            name: field.name.clone(),
            kind,
            label: field.label.say(language).to_owned(),
            help: field.help.say(language).to_owned(),
            unit: field.unit.clone(),
            value: self.values.get(&field.name).unwrap_or(&field.default).clone(),
            required: field.required,
            choices,
            bounds,
            advanced: field.advanced,
            wrong: wrong.map(|wrong| fault_text(visit, wrong)),
        }
    }
}

fn label_of(choice: &Choice, language: &str) -> (String, String) {
    (choice.value.clone(), choice.label.say(language).to_owned())
}

/// What changes while one types: the quote, or what is wrong.
pub(super) async fn fragment(Posted(visit, values): Posted<BTreeMap<String, String>>) -> Result<Response, Fault> {
    visit.members_only()?;
    let app = values.get("app").cloned().unwrap_or_default();
    let draft = Draft::of(&visit, &app, values)?;
    let told = draft.told(&visit).await?;
    show(&Fragment { visit: &visit, told })
}

pub(super) async fn posted(
    Path(app): Path<String>,
    Posted(visit, values): Posted<BTreeMap<String, String>>,
) -> Result<Response, Fault> {
    visit.members_only()?;
    let wants = values.get("do").is_some_and(|what| what == "submit");
    let draft = Draft::of(&visit, &app, values)?;
    let mut told = draft.told(&visit).await?;
    if wants
        && told.is_sound()
        && let Some(made) = &draft.made
    {
        match submit(&visit, &draft, made.clone()).await {
            Ok(id) => return Ok(Redirect::to(&format!("/jobs/{id}?done=job-submitted")).into_response()),
            Err(DoorError::Refused(refusal)) => told.refused = Some(quote::refusal_text(&visit, &refusal)),
            Err(other) => return Err(other.into()),
        }
    }
    show(&draft.page(&visit, told, None))
}
