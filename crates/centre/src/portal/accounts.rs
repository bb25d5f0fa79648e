//! Accounts of this machine: an existing one is linked, or one is made by the launcher, which looks at everything again.
//! Must not know how an account is made.

use api::{No, PeopleReply, Refusal};
use drivers::local::protocol::{AccountDeed, Order};
use model::Text;
use nix::unistd::User;
use store::{PeopleWrite, Person};

use super::caller::Caller;
use crate::{
    complain::complain,
    connection::ConnId,
    core::{Centre, refuse},
    journal::After,
};

/// Numbers of orders about accounts begin here; what the launcher tells comes back with them.
pub(crate) const FIRST: u64 = 1 << 62;

/// Accounts that are being made.
#[derive(Default)]
pub(crate) struct Making {
    last: u64,
    waiting: Vec<Waiting>,
}

struct Waiting {
    number: u64,
    conn: ConnId,
    caller: Caller,
    person: i64,
    name: String,
}

/// More at once is somebody's mistake.
const MOST: usize = 16;

impl Centre {
    /// Links an account that there is.
    pub(super) fn link_account(&mut self, caller: &Caller, person: &Person, name: &str, made: bool) -> Result<(), No> {
        if !self.can_be_linked(name) {
            return Err(if self.every_user { No::NoAccount } else { No::OwnAccountOnly });
        }
        if self.folk.of_account(name).is_some_and(|other| other.id != person.id) {
            return Err(No::AccountTaken);
        }
        let linked = Person { account: Some(name.to_owned()), made, ..person.clone() };
        self.write_people(PeopleWrite::Person(linked));
        self.keep_promises(person.id, name);
        let action = if made { "account-made" } else { "account-linked" };
        self.trace(caller, action, format!("{} {name}", person.login));
        Ok(())
    }

    pub(super) fn unlink_account(&mut self, caller: &Caller, person: &Person) -> Result<(), No> {
        if let Some(account) = &person.account {
            self.write_people(PeopleWrite::Person(Person { account: None, made: false, ..person.clone() }));
            self.trace(caller, "account-unlinked", format!("{} {account}", person.login));
        }
        Ok(())
    }

    /// An account of a member, never one of the system; in a centre that an ordinary user runs, only that user's.
    fn can_be_linked(&self, name: &str) -> bool {
        let Ok(Some(user)) = User::from_name(name) else { return false };
        let own = self.service_uid.0;
        drivers::local::files::permitted_for(user.uid.as_raw(), own, self.every_user).is_ok()
    }

    /// Accounts that could be linked, and are not.
    pub(super) fn free_accounts(&mut self) -> Vec<String> {
        if let Some(own) = self.own_account() {
            return if self.folk.of_account(&own).is_none() { vec![own] } else { Vec::new() };
        }
        let listed = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let names = listed.lines().filter_map(|line| line.split(':').next()).filter(|name| !name.is_empty());
        let free = names.filter(|name| self.can_be_linked(name) && self.folk.of_account(name).is_none());
        free.take(500).map(str::to_owned).collect()
    }

    /// Has an account made, and links it when it is there.
    pub(super) fn make_account(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        person: &Person,
        name: &str,
    ) -> Result<(), Refusal> {
        if !self.every_user {
            self.say_no(conn, No::OwnAccountOnly);
            return Ok(());
        }
        if person.account.is_some() || self.making.waiting.iter().any(|one| one.person == person.id) {
            self.say_no(conn, No::AccountTaken);
            return Ok(());
        }
        let is_known = User::from_name(name).ok().flatten().is_some();
        if is_known || !drivers::local::account::is_name(name) {
            self.say_no(conn, No::AccountUnfit);
            return Ok(());
        }
        if self.making.waiting.len() >= MOST {
            return Err(refuse(api::RefusalCode::Other, "many accounts are being made: try again in a moment"));
        }
        self.making.last += 1;
        let number = FIRST + self.making.last;
        let deed = AccountDeed::Make { name: name.to_owned(), person: person.name.clone() };
        self.trace(caller, "account-ordered", format!("{} {name}", person.login));
        self.making.waiting.push(Waiting {
            number,
            conn,
            caller: caller.clone(),
            person: person.id,
            name: name.to_owned(),
        });
        self.journal.after(After::Order(Box::new(Order::Account { number, deed })));
        Ok(())
    }

    /// An account that we made is closed, or open again.
    pub(super) fn close_account(&mut self, name: &str, closed: bool) {
        self.making.last += 1;
        let number = FIRST + self.making.last;
        let deed = match closed {
            true => AccountDeed::Close { name: name.to_owned() },
            false => AccountDeed::Open { name: name.to_owned() },
        };
        self.journal.after(After::Order(Box::new(Order::Account { number, deed })));
    }

    /// What the launcher says of an account.
    pub(crate) fn account_told(&mut self, number: u64, code: Option<u8>, complaint: &Text) {
        let why = complaint.lossy().trim().to_owned();
        let Some(at) = self.making.waiting.iter().position(|one| one.number == number) else {
            if code != Some(0) {
                complain!("an account was not closed or opened: {why}");
            }
            return;
        };
        let Waiting { conn, caller, person, name, .. } = self.making.waiting.swap_remove(at);
        let done = match (code, self.folk.person(person).cloned()) {
            (Some(0), Some(person)) => self.link_account(&caller, &person, &name, true),
            (Some(0), None) => Err(No::NobodyThere),
            _ => {
                complain!("the account {name} was not made: {why}");
                Err(No::AccountFailed(why))
            }
        };
        match done {
            Ok(()) => self.people_reply(conn, PeopleReply::Done),
            Err(no) => self.say_no(conn, no),
        }
    }
}
