//! The ledger as a command has it: read from the centre line by line, checked again from its first entry on, with the
//! names of those whom its codes and numbers mean.

use std::collections::{BTreeMap, HashMap};

use api::{MoneyReply, MoneyRequest, PurseRow, Reply, Request};
use ledger::{
    chain::{Hash, Head},
    csv::Names,
    invoice::Customer,
    journal::Journal,
    posting::{Entry, What},
};
use model::{RunId, Uid};
use nix::unistd::User;

use super::{ask, texts, things};
use crate::{client::Client, client::ClientError, report::Fault};

/// All of it.
pub struct Books {
    /// The state behind the last entry.
    pub journal: Journal,
    /// In order.
    pub entries: Vec<Entry>,
    /// The hash of each.
    pub hashes: Vec<Hash>,
    /// Who is who.
    pub people: People,
}

/// Who stands behind codes and numbers.
pub struct People {
    pseudonyms: BTreeMap<u32, String>,
    customers: BTreeMap<String, Customer>,
    payers: BTreeMap<String, String>,
    /// The invoice that billed an entry.
    billed: HashMap<u64, String>,
}

impl Books {
    /// Reads and checks all of it.
    ///
    /// # Errors
    /// What the centre refuses, or the first entry that is not what it was.
    pub fn read(centre: &mut Client) -> anyhow::Result<Self> {
        let (mut journal, mut entries, mut hashes, mut broken) = (Journal::default(), Vec::new(), Vec::new(), None);
        centre.each(&Request::Money(Box::new(MoneyRequest::Entries)), |reply| {
            let Reply::Money(MoneyReply::Entries(part)) = reply else { return false };
            for (text, hash) in part {
                if broken.is_none() {
                    broken = next(&mut journal, &mut entries, &text, &hash).err();
                    hashes.push(journal.head().hash);
                }
            }
            true
        })?;
        if let Some(what) = broken {
            return Err(Fault::new("ledger-broken", [("what", what)]).into());
        }
        let people = People::read(centre, &entries)?;
        Ok(Self { journal, entries, hashes, people })
    }

    /// The heads that went out of the house, on documents.
    pub fn printed(centre: &mut Client) -> anyhow::Result<Vec<(String, Head)>> {
        let mut heads = Vec::new();
        texts(centre, MoneyRequest::Documents(Vec::new()), |text| {
            let document: ledger::invoice::Document = serde_json::from_str(&text)?;
            heads.push((document.number, document.head));
            Ok(())
        })?;
        Ok(heads)
    }
}

fn next(journal: &mut Journal, entries: &mut Vec<Entry>, text: &str, hash: &str) -> Result<(), String> {
    let number = journal.head().count + 1;
    let hash: Hash = hash.parse().map_err(|fault| format!("ledger entry {number}: {fault}"))?;
    let sealed = journal.head().open(text, hash).map_err(|broken| broken.to_string())?;
    journal.apply(&sealed).map_err(|fault| format!("ledger entry {number}: {fault}"))?;
    entries.push(sealed.entry);
    Ok(())
}

impl People {
    fn read(centre: &mut Client, entries: &[Entry]) -> anyhow::Result<Self> {
        #[derive(serde::Deserialize)]
        struct Pseudonym {
            uid: u32,
            name: String,
        }
        let pseudonyms: Vec<Pseudonym> = things(centre, MoneyRequest::Pseudonyms)?;
        let customers: Vec<Customer> = things(centre, MoneyRequest::Customers)?;
        let MoneyReply::Purses(purses) = ask(centre, MoneyRequest::Purses)? else {
            return Err(ClientError::Unfit.into());
        };
        let mut billed = HashMap::new();
        for entry in entries {
            if let What::Bill(bill) = &entry.what {
                billed.extend(bill.bills.iter().map(|number| (*number, bill.number.clone())));
            }
        }
        Ok(Self {
            pseudonyms: pseudonyms.into_iter().map(|one| (one.uid, one.name)).collect(),
            customers: customers.into_iter().map(|customer| (customer.id.clone(), customer)).collect(),
            payers: purses.into_iter().map(|PurseRow { project, customer, .. }| (project, customer)).collect(),
            billed,
        })
    }

    fn name_of(&self, number: u32) -> String {
        let known = self.pseudonyms.get(&number).cloned();
        let system = || User::from_uid(nix::unistd::Uid::from_raw(number)).ok().flatten().map(|user| user.name);
        known.or_else(system).unwrap_or_else(|| Uid(number).to_string())
    }
}

impl Names for People {
    fn member(&self, number: u32) -> String {
        self.name_of(number)
    }

    fn customer_of(&self, project: &str) -> String {
        self.payers.get(project).cloned().unwrap_or_default()
    }

    fn category_of(&self, customer: &str) -> String {
        self.customers.get(customer).map(|customer| customer.category.to_string()).unwrap_or_default()
    }

    fn customer_name(&self, customer: &str) -> String {
        self.customers.get(customer).map_or_else(|| customer.to_owned(), |customer| customer.name.clone())
    }

    fn invoice_of(&self, entry: u64) -> Option<String> {
        self.billed.get(&entry).cloned()
    }
}

impl documents::Names for People {
    fn job(&self, run: RunId) -> (String, String) {
        let number = if run.attempt == 0 { run.job.to_string() } else { run.to_string() };
        (number, String::new())
    }

    fn member(&self, number: u32) -> String {
        self.name_of(number)
    }
}
