//! Application templates: what there are, what they take, and jobs by them, as the forms of the pages make them.

use std::collections::BTreeMap;

use api::{Reply, Request};
use apps::{Field, Kind, Label, Template};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asked::{Asker, At, Json, Sent},
    problem::Trap,
    submit::{QuoteShown, faults_told, home, taken_in},
};
use crate::{
    door::DoorError,
    jobs::form::{self, Draft},
    visit::Visit,
};

/// A text in both languages.
#[derive(Serialize, ToSchema)]
pub struct Said {
    /// French.
    fr: String,
    /// English.
    en: String,
}

impl From<Label> for Said {
    fn from(label: Label) -> Self {
        Self { fr: label.fr, en: label.en }
    }
}

/// An application.
#[derive(Serialize, ToSchema)]
pub struct App {
    /// What it is asked for by.
    name: String,
    /// What it is called.
    title: Said,
    /// What it does.
    about: Said,
    /// Programs that the machine must have.
    needs: Vec<String>,
}

/// An application with its form.
#[derive(Serialize, ToSchema)]
pub struct AppForm {
    /// What it is asked for by.
    name: String,
    /// What it is called.
    title: Said,
    /// What it does.
    about: Said,
    /// Programs that the machine must have.
    needs: Vec<String>,
    /// What is filled in, in order.
    fields: Vec<FormField>,
    /// More about it; may be empty.
    readme: Said,
}

/// A field of a form.
#[derive(Serialize, ToSchema)]
pub struct FormField {
    /// The name of its value.
    name: String,
    /// `integer`, `decimal`, `choice`, `text`, `file`, `boolean`, `memory`, `time`, `list`.
    kind: String,
    /// What it is.
    label: Said,
    /// More about it; may be empty.
    help: Said,
    /// What stands behind it; may be empty.
    unit: String,
    /// What is taken where nothing is said; may be empty.
    default: String,
    /// Whether it may not be empty.
    required: bool,
    /// Of a choice, its values; else none.
    choices: Vec<String>,
    /// The least value, as text; `null`: there is none to say.
    least: Option<String>,
    /// The greatest one, likewise; of a list how many.
    most: Option<String>,
    /// The option of `sbatch` that it sets; `null`: none.
    option: Option<String>,
}

impl From<Field> for FormField {
    fn from(field: Field) -> Self {
        let bounds = |least: String, most: String| (Some(least), Some(most));
        let (kind, choices, (least, most)) = match field.kind {
            Kind::Integer { least, most } => ("integer", Vec::new(), bounds(least.to_string(), most.to_string())),
            Kind::Decimal { least, most } => ("decimal", Vec::new(), bounds(least.to_string(), most.to_string())),
            Kind::Choice(all) => ("choice", all.into_iter().map(|one| one.value).collect(), (None, None)),
            Kind::Text { .. } => ("text", Vec::new(), (None, None)),
            Kind::File { .. } => ("file", Vec::new(), (None, None)),
            Kind::Boolean => ("boolean", Vec::new(), (None, None)),
            Kind::Memory { least, most } => ("memory", Vec::new(), bounds(format!("{least}M"), format!("{most}M"))),
            Kind::Time { least, most } => ("time", Vec::new(), bounds(format!("{least} s"), format!("{most} s"))),
            Kind::List { most, .. } => ("list", Vec::new(), (None, Some(most.to_string()))),
        };
        Self {
            name: field.name,
            kind: kind.to_owned(),
            label: field.label.into(),
            help: field.help.into(),
            unit: field.unit,
            default: field.default,
            required: field.required,
            choices,
            least,
            most,
            option: field.option,
        }
    }
}

fn members_only(visit: &Visit) -> Result<(), Trap> {
    if visit.me.member.is_none() { Err(Trap::new("token", "")) } else { Ok(()) }
}

fn template(visit: &Visit, name: &str) -> Result<Template, Trap> {
    form::app_of(visit, name).map_err(|_| Trap::missing(name))
}

/// All applications.
#[utoipa::path(get, path = "/api/v1/apps", tag = "apps", operation_id = "apps",
    responses((status = 200, body = Vec<App>)))]
pub async fn list(Asker(visit): Asker) -> Result<Json<Vec<App>>, Trap> {
    members_only(&visit)?;
    let app =
        |app: Template| App { name: app.name, title: app.title.into(), about: app.about.into(), needs: app.needs };
    Ok(Json(visit.house().shelf.all().0.into_iter().map(app).collect()))
}

/// One of them, with its form.
#[utoipa::path(get, path = "/api/v1/apps/{app}", tag = "apps", operation_id = "app",
    params(("app" = String, Path, description = "Its name")), responses((status = 200, body = AppForm)))]
pub async fn one(Asker(visit): Asker, At(app): At<String>) -> Result<Json<AppForm>, Trap> {
    members_only(&visit)?;
    let app = template(&visit, &app)?;
    Ok(Json(AppForm {
        name: app.name,
        title: app.title.into(),
        about: app.about.into(),
        needs: app.needs,
        fields: app.fields.into_iter().map(FormField::from).collect(),
        readme: app.readme.into(),
    }))
}

/// A form that is filled in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filled {
    /// Values by the names of fields, as one types them; a field that is not named has its default.
    #[schema(example = json!({"program": "print(1)", "time": "10 min"}))]
    values: BTreeMap<String, String>,
    /// Its folder, from the root or from one's home on; without it a new one.
    folder: Option<String>,
}

/// The draft that a form makes.
fn draft(visit: &Visit, app: &str, filled: Filled) -> Result<Draft, Trap> {
    home(visit)?;
    let known = template(visit, app)?;
    if let Some(name) = filled.values.keys().find(|name| known.fields.iter().all(|field| field.name != **name)) {
        return Err(Trap::unreadable(format!("values: {name}")));
    }
    let mut values = filled.values;
    values.extend(filled.folder.map(|folder| ("folder".to_owned(), folder)));
    let draft = Draft::of(visit, app, values).map_err(|_| Trap::new("forbidden", "account"))?;
    let wrong: Vec<String> =
        draft.wrong.iter().map(|wrong| format!("{}: {}", wrong.field, form::fault_text(visit, wrong))).collect();
    if !wrong.is_empty() {
        return Err(Trap::new("refused", wrong.join("; ")));
    }
    if !draft.faulty.is_empty() {
        return Err(Trap::new("refused", faults_told(&draft.faulty)));
    }
    Ok(draft)
}

/// What a job of this form would take, cost and wait. Submits nothing.
#[utoipa::path(post, path = "/api/v1/apps/{app}/quote", tag = "apps", operation_id = "app_quote",
    params(("app" = String, Path, description = "Its name")), request_body = Filled,
    responses((status = 200, body = QuoteShown)))]
pub async fn quote(
    Asker(visit): Asker,
    At(app): At<String>,
    Sent(filled): Sent<Filled>,
) -> Result<Json<QuoteShown>, Trap> {
    let made = draft(&visit, &app, filled)?.made.ok_or_else(|| Trap::new("refused", ""))?;
    let Reply::Quote(quote) = visit.command(Request::Quote(Box::new(made))).await? else {
        return Err(DoorError::Unfit.into());
    };
    Ok(Json((*quote).into()))
}

/// Submits a job by this form. The answer is a promise: the job is on disk.
#[utoipa::path(post, path = "/api/v1/apps/{app}/jobs", tag = "apps", operation_id = "app_submit",
    params(("app" = String, Path, description = "Its name")), request_body = Filled,
    responses((status = 201, body = super::submit::Submitted,
        headers(("location" = String, description = "The job")))))]
pub async fn submit(Asker(visit): Asker, At(app): At<String>, Sent(filled): Sent<Filled>) -> Result<Response, Trap> {
    let draft = draft(&visit, &app, filled)?;
    let made = draft.made.clone().ok_or_else(|| Trap::new("refused", ""))?;
    Ok(taken_in(form::submit(&visit, &draft, made).await?))
}
