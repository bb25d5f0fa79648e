//! Who sells and who buys, and what of it an invoice must have. Must not know invoices.

use serde::{Deserialize, Serialize};

use super::InvoiceError;
use crate::tariff::Category;
use crate::words::words;

words! {
    /// What a customer is to the law.
    CustomerKind, "kind of customer",
    /// A company, an association, a laboratory: with a SIREN.
    Business = "business",
    /// A town, the state: with a SIREN.
    Public = "public",
    /// Somebody.
    Person = "person",
}

words! {
    /// What documents are written in.
    Language, "language",
    /// French.
    Fr = "fr",
    /// English.
    En = "en",
}

/// Where somebody is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Address {
    /// Street and number; a second line where there is one.
    pub lines: Vec<String>,
    /// Postcode.
    pub postcode: String,
    /// Town.
    pub town: String,
    /// ISO 3166: `FR`.
    pub country: String,
}

impl Address {
    fn missing(&self) -> Vec<&'static str> {
        let fields = [
            ("address", self.lines.iter().all(|line| line.trim().is_empty())),
            ("postcode", self.postcode.trim().is_empty()),
            ("town", self.town.trim().is_empty()),
            ("country", self.country.len() != 2),
        ];
        fields.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name).collect()
    }
}

/// The centre as a seller.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seller {
    /// As registered.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Nine digits.
    pub siren: String,
    /// Fourteen digits.
    pub siret: String,
    /// `FR…`; needed where VAT is charged.
    pub vat_number: String,
    /// For questions.
    pub email: String,
    /// Number in the register of associations: `W561234567`.
    pub rna: String,
    /// Where to pay.
    pub iban: String,
    /// Its bank.
    pub bic: String,
    /// Whether VAT is paid when it is billed, not when the money comes.
    pub vat_on_debits: bool,
}

/// Who pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// A code without a person's name in it: it stays in the ledger.
    pub id: String,
    /// As on the letter box.
    pub name: String,
    /// To the law.
    pub kind: CustomerKind,
    /// Which tariffs.
    pub category: Category,
    /// Of its documents.
    pub language: Language,
    /// Where.
    #[serde(default)]
    pub address: Address,
    /// Nine digits; not for persons.
    #[serde(default)]
    pub siren: String,
    /// Where there is one.
    #[serde(default)]
    pub vat_number: String,
    /// Days to pay.
    #[serde(default = "thirty")]
    pub terms_days: u16,
}

fn thirty() -> u16 {
    30
}

impl Seller {
    /// Whether an invoice can be made of it.
    ///
    /// # Errors
    /// [`InvoiceError::Party`] with all that is missing.
    pub fn check(&self, charges_vat: bool) -> Result<(), InvoiceError> {
        let mut missing = self.address.missing();
        missing.extend(self.name.trim().is_empty().then_some("name"));
        missing.extend((!is_digits(&self.siren, 9)).then_some("siren (nine digits)"));
        missing.extend(
            (!self.iban.trim().is_empty() && !is_iban(&self.iban)).then_some("iban (its check digits are wrong)"),
        );
        missing.extend((charges_vat && self.vat_number.trim().is_empty()).then_some("vat_number"));
        fault("the seller", missing, "[seller] in the centre's configuration")
    }
}

impl Customer {
    /// Whether an invoice can be sent to it.
    ///
    /// # Errors
    /// [`InvoiceError::Party`] with all that is missing.
    pub fn check(&self) -> Result<(), InvoiceError> {
        let mut missing = self.address.missing();
        missing.extend(self.name.trim().is_empty().then_some("name"));
        let needs_siren = self.kind != CustomerKind::Person && self.address.country == "FR";
        missing.extend((needs_siren && !is_digits(&self.siren, 9)).then_some("siren (nine digits)"));
        fault(&format!("customer {}", self.id), missing, &format!("`algoric customer add {}`", self.id))
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an account number's check digits fit it (ISO 13616: letters as 10 to 35, the first four last, 1 modulo 97).
fn is_iban(text: &str) -> bool {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !(15..=34).contains(&letters.len()) || !letters.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let turned = letters[4..].iter().chain(&letters[..4]);
    let rest = turned.fold(0_u32, |rest, letter| match letter {
        b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
        _ => (rest * 100 + u32::from(letter.to_ascii_uppercase() - b'A' + 10)) % 97,
    });
    rest == 1
}

fn fault(who: &str, missing: Vec<&'static str>, command: &str) -> Result<(), InvoiceError> {
    if missing.is_empty() {
        return Ok(());
    }
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let missing = format!("{} {verb}", missing.join(", "));
    Err(InvoiceError::Party { who: who.to_owned(), missing, command: command.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::is_iban;

    #[test]
    fn account_numbers_are_checked() {
        for good in ["FR76 3000 6000 0112 3456 7890 189", "DE02120300000000202051", "gb82west12345698765432"] {
            assert!(is_iban(good), "{good}");
        }
        for bad in ["FR76 ...", "FR76 3000 6000 0112 3456 7890 188", "", "FR76", "FR76 3000 6000 0112 3456 7890 189é"]
        {
            assert!(!is_iban(bad), "{bad}");
        }
    }
}
