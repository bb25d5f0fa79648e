//! Invoices and credit notes of a project: a list, and each as a paper for people and for machines.

use api::{InvoiceRow, ProjectShown, ProjectsReply, ProjectsRequest};
use askama::Template;
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

use super::{ask, fault, one, papers, place};
use crate::{door::DoorError, fault::Fault, page, visit::Visit};

#[derive(Template)]
#[template(path = "project/invoices.html")]
struct Invoices<'a> {
    visit: &'a Visit,
    shown: &'a ProjectShown,
    place: String,
    rows: &'a [InvoiceRow],
}

impl Invoices<'_> {
    /// A day (`2026-12-01`) as people write it.
    fn day(&self, day: &str) -> String {
        let noon = day
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|day| day.at(12, 0, 0, 0).to_zoned(self.visit.words().local(0).time_zone().clone()).ok());
        noon.map_or_else(|| day.to_owned(), |noon| self.visit.words().date(noon.timestamp().as_millisecond()))
    }

    /// A month (`2026-11`), likewise.
    fn month(&self, month: &str) -> String {
        let (year, number) = month.split_once('-').unwrap_or((month, "1"));
        format!("{} {year}", self.visit.t(&format!("month-{}", number.trim_start_matches('0'))))
    }
}

pub(super) async fn page(visit: Visit, Path(name): Path<String>) -> Result<Response, Fault> {
    visit.members_only()?;
    let shown = one(&visit, &name).await?;
    let ProjectsReply::Invoices(rows) = ask(&visit, ProjectsRequest::Invoices(name)).await? else {
        return Err(DoorError::Unfit.into());
    };
    let place = place(&shown.row.name);
    page::show(&Invoices { visit: &visit, shown: &shown, place, rows: &rows })
}

/// `F2026-0001.pdf`, `F2026-0001.xml`
pub(super) async fn file(visit: Visit, Path((project, file)): Path<(String, String)>) -> Result<Response, Fault> {
    visit.members_only()?;
    let (number, form) = file.rsplit_once('.').ok_or_else(Fault::missing)?;
    if !matches!(form, "pdf" | "xml") {
        return Err(Fault::missing());
    }
    let paper = papers::invoice(&visit, &project, number).await.map_err(fault)?;
    let (kind, bytes) = match form {
        "pdf" => ("application/pdf", paper.pdf().await),
        _ => ("application/xml", paper.xml().map(String::into_bytes)),
    };
    let bytes = bytes.map_err(|()| Fault::from(DoorError::Unfit))?;
    Ok(download(kind, &file, bytes))
}

/// A file to keep.
pub(super) fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let about = format!("attachment; filename=\"{plain}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, about)], bytes).into_response()
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}
