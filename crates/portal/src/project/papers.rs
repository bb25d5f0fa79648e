//! Papers of a project: issued invoices, made from what the centre stored, as `algoric invoice pdf` makes them. Drawing
//! takes a while, so a thread of its own does it. Must not know who may have which.

use std::collections::BTreeMap;

use api::{Ask, MoneyReply, ProjectsRequest, Reply};
use documents::{Names, Paper};
use ledger::invoice::Document;
use model::RunId;
use serde::Deserialize;

use crate::{door::DoorError, visit::Visit};

/// An issued document that can be drawn.
pub struct Issued(Paper);

/// As the centre tells it.
#[derive(Deserialize)]
struct Told {
    document: Document,
    names: Members,
}

#[derive(Deserialize)]
struct Members(BTreeMap<u32, String>);

impl Names for Members {
    fn job(&self, run: RunId) -> (String, String) {
        (if run.attempt == 0 { run.job.to_string() } else { run.to_string() }, String::new())
    }

    fn member(&self, number: u32) -> String {
        self.0.get(&number).cloned().unwrap_or_else(|| number.to_string())
    }
}

/// An invoice of a project.
///
/// # Errors
/// [`DoorError`]: there is none, or it is not theirs to see.
pub async fn invoice(visit: &Visit, project: &str, number: &str) -> Result<Issued, DoorError> {
    let mut text = String::new();
    let ask = Ask::Projects(ProjectsRequest::Invoice { project: project.to_owned(), number: number.to_owned() });
    let door = visit.door();
    door.each(&visit.who, ask, |reply| {
        if let Reply::Money(MoneyReply::Document(piece, _)) = reply {
            text += &piece;
        }
    })
    .await?;
    let Told { document, names } = serde_json::from_str(&text).map_err(|_| DoorError::Unfit)?;
    Ok(Issued(Paper::of(&document, &names, &jiff::tz::TimeZone::system())))
}

impl Issued {
    /// As a PDF/A-3 with its Factur-X data inside.
    ///
    /// # Errors
    /// It cannot be drawn, which what was issued always can.
    pub async fn pdf(self) -> Result<Vec<u8>, ()> {
        tokio::task::spawn_blocking(move || documents::pdf(&self.0)).await.map_err(|_| ())?.map_err(|_| ())
    }

    /// Its data alone, as XML.
    ///
    /// # Errors
    /// As [`Issued::pdf`].
    pub fn xml(&self) -> Result<String, ()> {
        documents::xml(&self.0).map_err(|_| ())
    }
}
