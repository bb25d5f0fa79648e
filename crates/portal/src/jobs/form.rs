//! A form that is filled in: checked, made a script and a submission of, submitted. For pages and programs alike; must not
//! know how it is shown.

use std::collections::BTreeMap;

use api::{JobForm, Reply, Request, Submission};
use apps::Template as App;
use files::{Place, Root};

use super::make::{self, Home};
use crate::{door::DoorError, fault::Fault, files::client::Client, visit::Visit};

/// The application that is none: a script.
pub(super) const SCRIPT: &str = "script";

/// A template by its name, with the member's projects to choose from.
pub(crate) fn app_of(visit: &Visit, name: &str) -> Result<App, Fault> {
    let template = visit.house().shelf.get(name).ok_or_else(Fault::missing)?;
    let open = |project: &&api::MyProject| !project.promised && project.role != "viewer";
    let projects: Vec<String> = visit.me.projects.iter().filter(open).map(|project| project.name.clone()).collect();
    Ok(template.with_projects(&projects))
}

/// What is wrong with a field, in words.
pub(crate) fn fault_text(visit: &Visit, wrong: &apps::Wrong) -> String {
    visit.tw(&format!("app-fault-{}", wrong.fault.word()), &[("bound", wrong.fault.bound().into())])
}

/// What was filled in, and what came of it.
pub(crate) struct Draft {
    pub(super) app: Option<App>,
    pub(super) values: BTreeMap<String, String>,
    pub(crate) wrong: Vec<apps::Wrong>,
    pub(crate) faulty: Vec<make::Faulty>,
    pub(crate) made: Option<Submission>,
    pub(super) home: Home,
}

impl Draft {
    /// Of values by the names of fields.
    ///
    /// # Errors
    /// There is no such template, or nobody to compute as.
    pub(crate) fn of(visit: &Visit, app: &str, values: BTreeMap<String, String>) -> Result<Self, Fault> {
        let account = visit.me.account.as_deref().ok_or_else(Fault::forbidden)?;
        let home = Home::of(account).ok_or_else(Fault::forbidden)?;
        let app = if app == SCRIPT { None } else { Some(app_of(visit, app)?) };
        let mut draft = Self { app, values, wrong: Vec::new(), faulty: Vec::new(), made: None, home };
        let script = match &draft.app {
            Some(app) => app.check(&draft.values).map(|filled| app.script(&filled, &draft.home.folder)),
            None => Ok(draft.values.get("script").map(|text| text.replace("\r\n", "\n")).unwrap_or_default()),
        };
        match script {
            Ok(script) => match make::submission(&script, &draft.home, &draft.folder()) {
                Ok(made) => draft.made = Some(Submission { form: draft.form(), ..made }),
                Err(faulty) => draft.faulty = faulty,
            },
            Err(wrong) => draft.wrong = wrong,
        }
        Ok(draft)
    }

    /// The form, to be filled in the same way again.
    fn form(&self) -> Option<JobForm> {
        let app = self.app.as_ref()?;
        let names = app.fields.iter().map(|field| field.name.as_str()).chain(["folder"]);
        let values = names.filter_map(|name| Some((name.to_owned(), self.values.get(name)?.clone())));
        Some(JobForm { app: app.name.clone(), values: values.collect() })
    }

    /// Where it would run: below the home, unless it says from the root on where.
    fn folder(&self) -> String {
        match self.values.get("folder").map(|folder| folder.trim()).unwrap_or_default() {
            "" => self.home.folder.clone(),
            folder if folder.starts_with('/') => folder.to_owned(),
            folder => format!("{}/{}", self.home.folder, folder.trim_start_matches("~/")),
        }
    }
}

/// Submits, in a folder of its own where none was named.
pub(crate) async fn submit(
    visit: &Visit,
    draft: &Draft,
    mut submission: Submission,
) -> Result<model::JobId, DoorError> {
    let named = draft.values.get("folder").is_some_and(|folder| !folder.trim().is_empty());
    if !named && let Some(folder) = own_folder(visit, &submission.spec.name.lossy()).await {
        submission.spec.submit_dir = folder.as_str().into();
        submission.spec.workdir = folder.as_str().into();
    }
    match visit.command(Request::Submit(Box::new(submission))).await? {
        Reply::Submitted(id) => Ok(id),
        _ => Err(DoorError::Unfit),
    }
}

/// A new folder `jobs/NAME-DATE` in the member's home; `None`: it cannot be made, and the job runs in the home itself.
async fn own_folder(visit: &Visit, name: &str) -> Option<String> {
    let client = Client::of(visit).await.ok()?;
    let home = client.roots().iter().find(|info| info.root == Root::Home)?.path.lossy().into_owned();
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' })
        .collect();
    let at = visit.words().local(super::now().0).strftime("%Y-%m-%d-%H%M%S").to_string();
    let make = async |path: &str| {
        let place = Place::new(Root::Home, path).ok()?;
        client.order(files::Request::MakeFolder(place), Vec::new()).await.ok()
    };
    // It may be there already.
    make("jobs").await;
    for again in 0..5 {
        let more = if again == 0 { String::new() } else { format!("-{again}") };
        let path = format!("jobs/{plain}-{at}{more}");
        if make(&path).await.is_some() {
            return Some(format!("{}/{path}", home.trim_end_matches('/')));
        }
    }
    None
}
