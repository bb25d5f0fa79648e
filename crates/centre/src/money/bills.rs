//! What of money those who answer for a project see: what it paid by month, and the invoices of who pays. Must not know who
//! asks.

use api::{InvoiceRow, PaidMonth};
use ledger::{budget::Role, journal::Invoice};
use store::MoneyWrite;

use crate::core::Centre;

/// So many months are shown.
const MONTHS: usize = 24;

impl Centre {
    /// What a project paid by month, the oldest first.
    pub(crate) fn paid_months(&self, project: &str) -> Vec<PaidMonth> {
        let spent = &self.money.ledger.project(project).spent;
        let months = spent.iter().skip(spent.len().saturating_sub(MONTHS));
        months
            .map(|(month, cost)| PaidMonth {
                month: month.to_string(),
                microeur: cost.amount.0,
                core_ms: cost.core_ms,
                energy_uj: cost.energy_uj,
            })
            .collect()
    }

    /// Who pays for a project: code and name.
    pub(crate) fn payer_of(&self, project: &str) -> Option<(&str, &str)> {
        self.money.payer(project).map(|(_, customer)| (customer.id.as_str(), customer.name.as_str()))
    }

    /// All that a customer pays for: an invoice shows all of it.
    pub(crate) fn paid_with(&self, project: &str) -> Vec<&str> {
        let customer = self.money.purses.get(project).and_then(|purse| purse.customer.as_ref());
        let purses =
            self.money.purses.iter().filter(|(_, purse)| customer.is_some() && purse.customer.as_ref() == customer);
        purses.map(|(name, _)| name.as_str()).collect()
    }

    /// Issued documents of who pays for a project, the newest first.
    pub(crate) fn bills_of(&self, project: &str) -> Vec<InvoiceRow> {
        let Some((code, _)) = self.payer_of(project) else { return Vec::new() };
        let issued = self.money.ledger.invoices().filter(|(_, invoice)| invoice.customer == code);
        let mut issued: Vec<(&str, &Invoice)> = issued.collect();
        issued.sort_by_key(|(number, invoice)| std::cmp::Reverse((invoice.day, *number)));
        issued.into_iter().map(|(number, invoice)| bill(number, invoice)).collect()
    }

    /// Whether a document was issued to who pays for a project.
    pub(crate) fn is_bill_of(&self, project: &str, number: &str) -> bool {
        let issued = self.money.ledger.invoice(number);
        issued.zip(self.payer_of(project)).is_some_and(|(invoice, (code, _))| invoice.customer == code)
    }

    /// What a member is to a project, from now on.
    pub(crate) fn put_project_role(&mut self, user: &str, project: &str, role: Role) {
        let word = (role != Role::Member).then(|| role.name().to_owned());
        self.write_money(MoneyWrite::Role { user: user.to_owned(), project: project.to_owned(), role: word });
        self.money.roles.insert((user.to_owned(), project.to_owned()), role);
    }
}

fn bill(number: &str, invoice: &Invoice) -> InvoiceRow {
    InvoiceRow {
        number: number.to_owned(),
        credit_of: invoice.credit_of.clone(),
        month: invoice.month.to_string(),
        day: invoice.day.to_string(),
        due: invoice.due.to_string(),
        net_microeur: invoice.net.0,
        total_microeur: invoice.total().0,
        open_microeur: invoice.open.0,
    }
}
