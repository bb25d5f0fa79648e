//! The chart of accounts. Must not know what is posted.
//!
//! Classes 1 to 7 are the association's books as the French *plan comptable général* numbers them: whole cents, and all
//! that an accountant gets ([`crate::fec`]). Class 9 is the centre's own account of work (*comptabilité analytique*, kept
//! apart from the books by law): micro-euros, job by job. Each of the two balances by itself in every entry.

use crate::words::words;

words! {
    /// An account.
    Account, "account of the chart",
    /// What customers owe.
    Clients = "411",
    /// What customers paid for hours that they have not used yet.
    Advances = "4191",
    /// Value added tax that is owed to the state.
    Vat = "44571",
    /// The bank.
    Bank = "512",
    /// Services sold.
    Services = "706",
    /// Greatest costs of jobs that wait or run.
    Reserved = "901",
    /// Its counterpart.
    ReservedAgainst = "909",
    /// Work done and not billed yet, by project.
    Unbilled = "941",
    /// Work billed, in cents, by customer.
    Billed = "942",
    /// Credits that projects may still use.
    Credits = "943",
    /// Cents lost by rounding a bill.
    RoundingLoss = "965",
    /// Work done, at its price.
    Work = "970",
    /// Given back: the centre's own failure ended the job.
    Failures = "971",
    /// Given back, and more: an urgent job displaced it.
    Displaced = "972",
    /// More than was quoted: for the centre.
    Overruns = "973",
    /// Credits given.
    Granted = "974",
    /// Cents won by rounding a bill.
    RoundingGain = "975",
    /// Corrections by hand.
    Adjustments = "976",
    /// Hours used that had been paid before.
    PrepaidUsed = "977",
    /// Hours used in the public interest, given by the centre.
    InKind = "978",
    /// Hours sold before they are used.
    PrepaidSold = "979",
}

impl Account {
    /// Whether it is one of the books that the law knows, and not the centre's own.
    pub fn is_legal(self) -> bool {
        !self.name().starts_with('9')
    }

    /// As it stands in the accountant's file.
    pub const fn label(self) -> &'static str {
        match self {
            Account::Clients => "Clients",
            Account::Advances => "Clients - avances et acomptes reçus",
            Account::Vat => "TVA collectée",
            Account::Bank => "Banque",
            Account::Services => "Prestations de services",
            Account::Reserved => "Devis réservés",
            Account::ReservedAgainst => "Contrepartie des devis réservés",
            Account::Unbilled => "Travaux non facturés",
            Account::Billed => "Travaux facturés",
            Account::Credits => "Avoirs d'usage à consommer",
            Account::RoundingLoss => "Arrondis de facturation perdus",
            Account::Work => "Travaux au tarif",
            Account::Failures => "Travaux rendus: défaillance du centre",
            Account::Displaced => "Travaux rendus: urgence",
            Account::Overruns => "Dépassements de devis",
            Account::Granted => "Avoirs d'usage accordés",
            Account::RoundingGain => "Arrondis de facturation gagnés",
            Account::Adjustments => "Régularisations",
            Account::PrepaidUsed => "Heures prépayées consommées",
            Account::InKind => "Heures d'intérêt public offertes",
            Account::PrepaidSold => "Heures prépayées vendues",
        }
    }
}
