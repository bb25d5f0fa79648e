//! From a template to an answer.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::fault::Fault;

/// Renders a page.
///
/// # Errors
/// A template that cannot be rendered, which none should.
pub fn show(template: &impl Template) -> Result<Response, Fault> {
    template.render().map(|text| Html(text).into_response()).map_err(|_| Fault::missing())
}
