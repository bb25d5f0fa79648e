//! `/api`: the same document for people, in their language, with a line to try each call.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;
use utoipa::openapi::{
    RefOr, Required,
    path::{Operation, Parameter, ParameterIn},
};

use super::{
    document::{operations, whole},
    problem::KINDS,
};
use crate::{fault::Fault, page::show, visit::Visit};

/// A call, as the page shows it.
struct Call {
    method: String,
    path: String,
    /// Its name in the document.
    id: String,
    /// The key of its words.
    key: String,
    parameters: Vec<Asked>,
    has_body: bool,
}

/// A value that a call takes.
struct Asked {
    name: String,
    is_needed: bool,
    about: String,
}

/// All calls by group, in the order of the document.
static GROUPS: LazyLock<Vec<(String, Vec<Call>)>> = LazyLock::new(|| {
    let mut groups: Vec<(String, Vec<Call>)> = Vec::new();
    let mut document = whole();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let group = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            let call = call(method, path, operation);
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, calls)) => calls.push(call),
                None => groups.push((group, vec![call])),
            }
        }
    }
    groups
});

fn call(method: &str, path: &str, operation: &Operation) -> Call {
    let id = operation.operation_id.clone().unwrap_or_default();
    let asked = |parameter: &Parameter| Asked {
        name: parameter.name.clone(),
        is_needed: parameter.required == Required::True || parameter.parameter_in == ParameterIn::Path,
        about: parameter.description.clone().unwrap_or_default(),
    };
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(asked(parameter)),
        RefOr::Ref(_) => None,
    });
    Call {
        method: method.to_uppercase(),
        path: path.to_owned(),
        key: format!("api-call-{}", id.replace('_', "-")),
        id,
        parameters: parameters.collect(),
        has_body: operation.request_body.is_some(),
    }
}

impl Call {
    /// A line to try it by.
    fn line(&self) -> String {
        let mut line = "curl -H \"Authorization: Bearer $TOKEN\"".to_owned();
        if self.method != "GET" {
            line += &format!(" -X {}", self.method);
        }
        if self.has_body {
            line += " -H 'Content-Type: application/json' -d '{…}'";
        }
        line + &format!(" $CENTRE{}", self.path)
    }
}

#[derive(Template)]
#[template(path = "api/api.html")]
struct ApiPage<'a> {
    visit: &'a Visit,
    groups: &'a [(String, Vec<Call>)],
    problems: Vec<(u16, &'static str)>,
}

/// The page.
pub async fn page(visit: Visit) -> Result<Response, Fault> {
    let problems = KINDS.iter().map(|(status, kind)| (status.as_u16(), *kind)).collect();
    show(&ApiPage { visit: &visit, groups: &GROUPS, problems })
}
