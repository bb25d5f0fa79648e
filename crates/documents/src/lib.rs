//! Papers: an invoice or a credit note as a PDF/A-3b that people read and machines read, too (Factur-X, profile EN 16931),
//! and pages of figures ([`Sheet`]).
//!
//! What stands on the paper is data ([`Paper`]); the same data gives the same bytes, so that a paper can be made again and
//! compared. This room must not know where the data comes from, what a price is made of, or where the file goes.

mod facturx;
mod from_ledger;
mod invoice;
mod money;
mod paper;
mod pen;
mod sheet;
mod words;

pub use facturx::Fault;
pub use from_ledger::Names;
pub use money::{Cents, Millionths};
pub use paper::{AnnexLine, Kind, Line, Paper, Party, Payment, Vat, VatCategory};
pub use sheet::{Sheet, Table, sheet};
pub use words::Language;

/// The paper as a PDF/A-3b with its Factur-X data inside.
///
/// # Errors
/// What of the data breaks a rule of EN 16931, rule by rule; or what the writers of PDF refuse.
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, Fault> {
    facturx::embed(&invoice::draw(paper)?, paper)
}

/// The paper's Factur-X data alone, as XML (UN/CEFACT CII).
///
/// # Errors
/// As [`pdf`].
pub fn xml(paper: &Paper) -> Result<String, Fault> {
    facturx::xml(paper)
}
