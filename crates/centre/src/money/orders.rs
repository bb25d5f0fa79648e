//! Questions and orders about money: who may ask what, who pays for a project, its budgets and grants. Must not know how
//! the ledger posts.

use api::{BudgetRow, MoneyReply, MoneyRequest, PurseChange, PurseRow, Refusal, RefusalCode, Reply};
use ledger::{
    account::Account,
    budget::{Budget, Role},
    invoice::Customer,
    posting::{Grant, What},
};
use model::Money as Euros;
use store::{Fact, MoneyWrite, Write};

use super::Purse;
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    journal::After,
    reading::Question,
};

pub(super) type Outcome = Result<(), Refusal>;

/// A word or an amount that makes no sense.
pub(super) fn wrong(fault: impl std::fmt::Display) -> Refusal {
    refuse(RefusalCode::Other, fault.to_string())
}

impl Centre {
    /// A question or an order about money.
    pub(crate) fn money(&mut self, conn: ConnId, peer: Peer, request: MoneyRequest) -> Outcome {
        match request {
            MoneyRequest::Purses => {
                let rows = self.purse_rows(peer);
                self.reply(conn, &Reply::Money(MoneyReply::Purses(rows)));
                return Ok(());
            }
            MoneyRequest::Job(target) => return self.price_of_job(conn, peer, target),
            MoneyRequest::Export(user) => return self.export_member(conn, peer, &user),
            _ => self.treasurers_only(peer)?,
        }
        match request {
            MoneyRequest::Customers => self.texts(conn, self.money.customers.values().map(json).collect()),
            MoneyRequest::Entries => self.ask_archive(conn, Question::Ledger),
            MoneyRequest::Invoices => self.texts(conn, self.invoice_rows()),
            MoneyRequest::Documents(numbers) => {
                let all = || self.money.ledger.invoices().map(|(number, _)| number.to_owned()).collect();
                let numbers = if numbers.is_empty() { all() } else { numbers };
                self.ask_archive(conn, Question::Documents(numbers));
            }
            MoneyRequest::Drafts => self.texts(conn, self.draft_rows()),
            MoneyRequest::Reminders => self.texts(conn, self.reminder_rows()),
            MoneyRequest::Pseudonyms => {
                let known =
                    self.reader.pseudonyms().map_err(|fault| refuse(RefusalCode::StorageFailed, fault.to_string()))?;
                let rows = known.iter().map(|(uid, name)| json(&serde_json::json!({ "uid": uid.0, "name": name })));
                self.texts(conn, rows.collect());
            }
            order => {
                self.writable()?;
                if let Some(why) = &self.money.broken {
                    return Err(wrong(format!("the ledger is closed: {why}")));
                }
                self.money_order(conn, peer, order)?;
            }
        }
        Ok(())
    }

    fn money_order(&mut self, conn: ConnId, peer: Peer, order: MoneyRequest) -> Outcome {
        match order {
            MoneyRequest::Change { project, change } => self.change_purse(peer, &project, change)?,
            MoneyRequest::Grant { project, pot, core_ms, amount_microeur, id, note } => {
                self.paying(&project)?;
                let pot = pot.parse().map_err(wrong)?;
                let text = format!("{pot} for project {project}: {core_ms} core-ms, {} EUR", Euros(amount_microeur));
                let grant = Grant { project, id, pot, core_ms, amount: Euros(amount_microeur), note };
                self.enter(self.money.day(self.now), What::Grant(grant)).map_err(wrong)?;
                self.noted(peer, text);
            }
            MoneyRequest::Role { user, project, role } => self.set_role(peer, user, project, &role)?,
            MoneyRequest::Customer(body) => self.put_customer(peer, &body)?,
            MoneyRequest::Erase(user) => self.erase_member(peer, &user)?,
            MoneyRequest::Prepare { month, customers } => return self.prepare(conn, peer, &month, &customers),
            MoneyRequest::CreditNote { invoice, back } => return self.credit_note(conn, peer, &invoice, back),
            MoneyRequest::Accept { name, version } => self.accept(peer, &name, version)?,
            MoneyRequest::Issue(names) => return self.issue(conn, peer, &names),
            MoneyRequest::Pay { customer, id, amount_microeur, text } => {
                return self.pay(conn, peer, &customer, &id, Euros(amount_microeur), &text);
            }
            // Answered before.
            _ => return Ok(()),
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    /// Operators, and those whom the configuration names.
    fn treasurers_only(&mut self, peer: Peer) -> Outcome {
        if self.is_named_treasurer(peer.uid) || self.people.is_operator(peer.uid) {
            return Ok(());
        }
        Err(refuse(RefusalCode::AccessDenied, "only operators and treasurers see to money"))
    }

    /// Whether an account is a treasurer's: the configuration names it, or it is linked to one of the pages.
    pub(crate) fn is_named_treasurer(&mut self, uid: model::Uid) -> bool {
        let name = self.people.name(uid);
        let by_pages = || self.folk.accounts_with(api::Role::Treasurer).contains(&name);
        self.file.money.treasurers.contains(&name) || by_pages()
    }

    /// What a member is to a project.
    pub(crate) fn project_role(&self, user: &str, project: &str) -> Role {
        self.money.roles.get(&(user.to_owned(), project.to_owned())).copied().unwrap_or(Role::Member)
    }

    /// What a member is to a project from now on, where it is more or less than a member.
    pub(crate) fn set_project_role(&mut self, user: String, project: String, role: Role) {
        self.money.roles.insert((user, project), role);
    }

    pub(super) fn texts(&mut self, conn: ConnId, texts: Vec<String>) {
        self.reply_when_safe(conn, Reply::Money(MoneyReply::Texts(texts)));
    }

    pub(super) fn ask_archive(&mut self, conn: ConnId, question: Question) {
        self.journal.after(After::Read(conn, Box::new(question)));
    }

    pub(super) fn noted(&mut self, peer: Peer, text: String) {
        let fact = Box::new(Fact::Noted { by: peer.uid, text });
        self.journal.write(Write::Event { at: self.now, base: None, fact });
    }

    pub(super) fn write_money(&mut self, write: MoneyWrite) {
        self.journal.write(Write::Money(Box::new(write)));
    }

    /// A project that there is.
    fn known_project(&self, project: &str) -> Outcome {
        let is_known = self.people.projects.iter().any(|known| known.name == project);
        if is_known { Ok(()) } else { Err(wrong(format!("there is no project {project}: `algoric project list`"))) }
    }

    /// A project that somebody pays for.
    pub(super) fn paying(&self, project: &str) -> Result<&Customer, Refusal> {
        self.known_project(project)?;
        let text = || {
            wrong(format!(
                "nobody pays for project {project}: name its customer first (`algoric project customer {project} CODE`)"
            ))
        };
        self.money.payer(project).map(|(_, customer)| customer).ok_or_else(text)
    }

    fn change_purse(&mut self, peer: Peer, project: &str, change: PurseChange) -> Outcome {
        self.known_project(project)?;
        let mut purse = self.money.purses.get(project).cloned().unwrap_or_default();
        let text = match change {
            PurseChange::Customer(customer) => {
                self.may_change_payer(project, &purse, customer.as_deref())?;
                purse.customer = customer;
                format!("project {project} is paid by {}", purse.customer.as_deref().unwrap_or("nobody"))
            }
            PurseChange::Overrun(word) => {
                purse.overrun = match word.as_str() {
                    "centre" => ledger::book::Overrun::Centre,
                    "project" => ledger::book::Overrun::Project,
                    _ => return Err(wrong(format!("`{word}` bears no overrun: say centre or project"))),
                };
                format!("what goes beyond a quote of project {project} is the {word}'s")
            }
            PurseChange::Budget { unit, limit, period, on_full, warn_permille } => {
                let (unit, period) = (unit.parse().map_err(wrong)?, period.parse().map_err(wrong)?);
                let on_full = on_full.parse().map_err(wrong)?;
                if limit < 0 || warn_permille > 1000 {
                    return Err(wrong("a budget is not negative, and warns at 0 to 100 % of it"));
                }
                let budget = Budget { unit, limit, period, from: None, on_full, warn_permille };
                purse.budgets.retain(|old| (old.unit, old.period) != (unit, period));
                purse.budgets.push(budget);
                format!("budget of project {project}: {limit} of {unit}, {period}, {on_full}")
            }
            PurseChange::NoBudget { unit, period } => {
                let (unit, period) = (unit.parse().map_err(wrong)?, period.parse().map_err(wrong)?);
                let before = purse.budgets.len();
                purse.budgets.retain(|old| (old.unit, old.period) != (unit, period));
                if purse.budgets.len() == before {
                    return Err(wrong(format!("project {project} has no budget of {unit}, {period}")));
                }
                format!("project {project} has no budget of {unit}, {period}, any more")
            }
        };
        let body = serde_json::to_string(&purse).map_err(wrong)?;
        self.write_money(MoneyWrite::Purse { project: project.to_owned(), body });
        self.money.purses.insert(project.to_owned(), purse);
        self.noted(peer, text);
        Ok(())
    }

    /// What one customer used is never billed to another.
    fn may_change_payer(&self, project: &str, purse: &Purse, customer: Option<&str>) -> Outcome {
        if let Some(code) = customer.filter(|code| !self.money.customers.contains_key(*code)) {
            let known: Vec<&str> = self.money.customers.keys().map(String::as_str).collect();
            let hint = model::nearest(code, known).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            return Err(wrong(format!("there is no customer `{code}`{hint}")));
        }
        let is_other = purse.customer.is_some() && purse.customer.as_deref() != customer;
        let unbilled = self.money.ledger.unbilled().any(|(_, one)| one.project == project);
        let held = self.money.ledger.all_held().any(|(_, held)| held.project == project);
        if is_other && (unbilled || held) {
            let text = format!(
                "project {project} has work that is not billed, or jobs that are not over: bill it to its customer first"
            );
            return Err(wrong(text));
        }
        Ok(())
    }

    fn set_role(&mut self, peer: Peer, user: String, project: String, role: &str) -> Outcome {
        let role: Role = role.parse().map_err(wrong)?;
        if !self.people.members.iter().any(|member| member.user == user && member.project == project) {
            return Err(wrong(format!("{user} is no member of {project}")));
        }
        let text = format!("{user} is {role} of {project}");
        let word = (role != Role::Member).then(|| role.name().to_owned());
        self.write_money(MoneyWrite::Role { user: user.clone(), project: project.clone(), role: word });
        self.money.roles.insert((user, project), role);
        self.noted(peer, text);
        Ok(())
    }

    fn put_customer(&mut self, peer: Peer, body: &str) -> Outcome {
        let customer: Customer = serde_json::from_str(body).map_err(wrong)?;
        let is_code = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_'].contains(&letter);
        if customer.id.is_empty() || customer.id.len() > 32 || !customer.id.chars().all(is_code) {
            let text =
                "a customer's code has letters, digits, - and _ only, 32 at most, and no person's name: it stays";
            return Err(wrong(text));
        }
        if let Some(text) = never_right(&customer) {
            return Err(wrong(text));
        }
        let body = serde_json::to_string(&customer).map_err(wrong)?;
        self.noted(peer, format!("customer {}", customer.id));
        self.write_money(MoneyWrite::Customer { id: customer.id.clone(), body });
        self.money.customers.insert(customer.id.clone(), customer);
        Ok(())
    }

    /// How projects stand: all for who sees to money, one's own for others.
    fn purse_rows(&mut self, peer: Peer) -> Vec<PurseRow> {
        let all = self.treasurers_only(peer).is_ok();
        let me = self.people.name(peer.uid);
        let mine = |project: &str| self.people.members.iter().any(|one| one.user == me && one.project == project);
        let open = self
            .people
            .projects
            .iter()
            .filter(|project| !project.closed || self.money.purses.contains_key(&project.name));
        open.filter(|project| all || mine(&project.name)).map(|project| self.purse_row(&project.name)).collect()
    }

    pub(crate) fn purse_row(&self, name: &str) -> PurseRow {
        let purse = self.money.purses.get(name).cloned().unwrap_or_default();
        let project = self.money.ledger.project(name);
        let today = self.money.day(self.now);
        let budget = |budget: &Budget| {
            let standing = budget.standing(project, today);
            BudgetRow {
                unit: budget.unit.to_string(),
                period: budget.period.to_string(),
                on_full: budget.on_full.to_string(),
                warn_permille: budget.warn_permille,
                limit: standing.limit,
                spent: standing.spent,
                reserved: standing.reserved,
                left: standing.left(),
            }
        };
        PurseRow {
            project: name.to_owned(),
            customer: purse.customer.clone().unwrap_or_default(),
            category: self.money.payer(name).map(|(_, customer)| customer.category.to_string()).unwrap_or_default(),
            overrun: if purse.overrun == ledger::book::Overrun::Centre { "centre" } else { "project" }.to_owned(),
            spent_microeur: project.spent_in(None, None).amount.0,
            reserved_microeur: project.reserved.amount.0,
            unbilled_microeur: self.money.ledger.balance(Account::Unbilled, name).0,
            credit_microeur: project.credit.0,
            in_kind_ms: project.in_kind.free_ms(),
            prepaid_ms: project.prepaid.free_ms(),
            budgets: purse.budgets.iter().map(budget).collect(),
            warned_permille: self.money.warned.get(name).copied().unwrap_or(0),
        }
    }
}

/// A value of ours as a line of JSON; all of them can be written.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What of a customer can never stand on an invoice. What is missing may come later.
fn never_right(customer: &Customer) -> Option<&'static str> {
    let Customer { name, address, siren, .. } = customer;
    let is_country = address.country.len() == 2 && address.country.bytes().all(|letter| letter.is_ascii_uppercase());
    let is_siren = siren.is_empty() || siren.len() == 9 && siren.bytes().all(|digit| digit.is_ascii_digit());
    [
        (name.trim().is_empty(), "a customer needs a name"),
        (!is_country, "a country is two capital letters of ISO 3166: FR"),
        (!is_siren, "a siren has nine digits"),
    ]
    .into_iter()
    .find_map(|(is_wrong, text)| is_wrong.then_some(text))
}
