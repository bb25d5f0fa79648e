//! The OpenAPI document: made from the handlers' own descriptions, with what is the same for all calls added once.

use axum::response::IntoResponse;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, SecurityRequirement,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{apps, asked::Json, centre, files, jobs, machines, price, problem, projects, submit, tokens, told};
use crate::visit::SESSION;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Algoric",
        version = "1",
        description = "A computing centre, for programs. Numbers carry their unit in their name and are whole. Times are \
                       RFC 3339 in UTC. Lists come in parts: `next` is what to ask `after`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        centre::centre,
        machines::list,
        machines::one,
        centre::me,
        centre::energy,
        centre::prices,
        projects::list,
        projects::one,
        projects::change,
        projects::members,
        projects::put_member,
        projects::remove_member,
        projects::budgets,
        projects::usage,
        projects::invoices,
        projects::invoice_pdf,
        projects::invoice_xml,
        jobs::list,
        jobs::one,
        jobs::tasks,
        told::why,
        told::history,
        told::output,
        jobs::cancel,
        jobs::hold,
        jobs::release,
        submit::submit,
        submit::check,
        submit::quote,
        price::one,
        apps::list,
        apps::one,
        apps::quote,
        apps::submit,
        files::list,
        files::content,
        tokens::list,
        tokens::create,
        tokens::end,
    ),
    components(schemas(problem::Problem))
)]
struct Described;

/// Problems that any call may end in, and those of calls that change something.
const OF_ALL: [&str; 7] = ["request", "token", "forbidden", "missing", "refused", "storage", "away"];
const OF_CHANGES: [&str; 3] = ["conflict", "too-long", "no-json"];

/// The whole document.
pub fn whole() -> Document {
    let mut document = Described::openapi();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let changes: &[&str] = if method == "get" { &[] } else { &OF_CHANGES };
            for kind in OF_ALL.iter().chain(changes) {
                add_problem(operation, kind);
            }
        }
    }
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION)));
    components.add_security_scheme("session", cookie);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)]);
    document
}

/// The calls of a path, by method.
pub fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?))).collect()
}

fn add_problem(operation: &mut Operation, kind: &str) {
    let Some((status, _)) = problem::KINDS.iter().find(|(_, known)| *known == kind) else { return };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description(status.canonical_reason().unwrap_or_default())
        .content(problem::KIND, content)
        .build();
    operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response));
}

/// `/api/v1/openapi.json`
pub async fn document() -> impl IntoResponse {
    Json(whole())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::words::{Language, Words};

    /// The document as it is kept: whoever changes what programs get sees it here. `ALGORIC_BLESS=1` writes it anew.
    #[test]
    fn the_document_is_the_one_that_is_kept() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let text = serde_json::to_string_pretty(&whole()).unwrap() + "\n";
        if std::env::var_os("ALGORIC_BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == text,
            "docs/openapi.json is not what the code says: ALGORIC_BLESS=1 writes it, if that is meant"
        );
    }

    #[test]
    fn every_call_has_a_name_of_its_own_and_words() {
        let mut document = whole();
        let mut seen = std::collections::BTreeSet::new();
        let words = Words::new(Language::French, jiff::tz::TimeZone::UTC);
        for (path, item) in &mut document.paths.paths {
            assert!(path.starts_with("/api/v1/"), "{path}");
            for (method, operation) in operations(item) {
                let id = operation.operation_id.clone().unwrap();
                assert!(seen.insert(id.clone()), "{id} twice");
                let key = format!("api-call-{}", id.replace('_', "-"));
                assert!(words.has(&key), "{method} {path}: no words {key}");
                assert!(operation.responses.responses.contains_key("401"), "{id}");
            }
        }
        for (_, kind) in problem::KINDS {
            for key in [format!("fault-{kind}"), format!("fault-{kind}-help")] {
                assert!(words.has(&key), "{key}");
            }
        }
    }
}
