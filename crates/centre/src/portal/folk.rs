//! Everybody who uses the pages, in memory as in the file: looked up for each page, changed with each write. Must not know
//! who may do what.

use std::collections::{BTreeMap, HashMap};

use model::Time;
use store::{Link, PeopleWrite, Person, Promise, SecretHash, Session, Standing, Token};

/// People, and what opens the door for them.
#[derive(Default)]
pub(crate) struct Folk {
    persons: BTreeMap<i64, Person>,
    sessions: HashMap<SecretHash, Session>,
    links: HashMap<SecretHash, Link>,
    tokens: HashMap<SecretHash, Token>,
    promises: Vec<Promise>,
    /// The greatest number that was given to anything; numbers are never given twice while the centre serves.
    last: i64,
}

impl Folk {
    /// As it is in the file.
    pub(crate) fn new(read: store::Folk) -> Self {
        let mut folk = Self::default();
        let all = read.persons.into_iter().map(PeopleWrite::Person);
        let all = all.chain(read.sessions.into_iter().map(PeopleWrite::Session));
        let all = all.chain(read.links.into_iter().map(PeopleWrite::Link));
        let all = all.chain(read.tokens.into_iter().map(PeopleWrite::Token));
        all.chain(read.promises.into_iter().map(PeopleWrite::Promise)).for_each(|write| folk.apply(&write));
        folk
    }

    /// Follows a change.
    pub(crate) fn apply(&mut self, write: &PeopleWrite) {
        match write {
            PeopleWrite::Person(one) => {
                self.last = self.last.max(one.id);
                self.persons.insert(one.id, one.clone());
            }
            PeopleWrite::Session(one) => {
                self.last = self.last.max(one.id);
                self.sessions.insert(one.hash, one.clone());
            }
            PeopleWrite::Link(one) => {
                self.last = self.last.max(one.id);
                self.links.insert(one.hash, one.clone());
            }
            PeopleWrite::Token(one) => {
                self.last = self.last.max(one.id);
                self.tokens.insert(one.hash, one.clone());
            }
            PeopleWrite::EndSession(id) => self.sessions.retain(|_, one| one.id != *id),
            PeopleWrite::EndLink(id) => self.links.retain(|_, one| one.id != *id),
            PeopleWrite::EndToken(id) => self.tokens.retain(|_, one| one.id != *id),
            PeopleWrite::Promise(one) => {
                self.promises.retain(|old| (old.person, &old.project) != (one.person, &one.project));
                self.promises.push(one.clone());
            }
            PeopleWrite::EndPromise { person, project } => {
                self.promises.retain(|old| (old.person, &old.project) != (*person, project));
            }
            PeopleWrite::Trace(_) => {}
        }
    }

    /// A number for something new.
    pub(super) fn number(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// Somebody.
    pub(super) fn person(&self, id: i64) -> Option<&Person> {
        self.persons.get(&id)
    }

    /// Everybody, in the order in which they came.
    pub(crate) fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.values()
    }

    /// Whoever logs in by this name.
    pub(super) fn called(&self, login: &str) -> Option<&Person> {
        self.persons().find(|person| person.login == login)
    }

    /// Whoever gets letters there.
    pub(super) fn addressed(&self, email: &str) -> Option<&Person> {
        self.persons().find(|person| !person.email.is_empty() && person.email.to_lowercase() == email)
    }

    /// Accounts of those who were given a role and have not gone.
    pub(crate) fn accounts_with(&self, role: api::Role) -> Vec<String> {
        let holds = |person: &&Person| person.state == Standing::Active && super::links::holds(person, role);
        self.persons().filter(holds).filter_map(|person| person.account.clone()).collect()
    }

    /// Whoever this account is linked to, and has not gone.
    pub(crate) fn of_account(&self, account: &str) -> Option<&Person> {
        self.persons().find(|person| person.account.as_deref() == Some(account) && person.state != Standing::Archived)
    }

    /// A session that is not over.
    pub(super) fn session(&self, hash: &SecretHash, now: Time) -> Option<&Session> {
        self.sessions.get(hash).filter(|session| session.expires > now)
    }

    /// All sessions of somebody that are not over, the last used first.
    pub(super) fn sessions_of(&self, person: i64, now: Time) -> Vec<&Session> {
        let theirs = self.sessions.values().filter(|session| session.person == person && session.expires > now);
        let mut list: Vec<&Session> = theirs.collect();
        list.sort_by_key(|session| std::cmp::Reverse((session.used, session.id)));
        list
    }

    /// A link that is good.
    pub(super) fn link(&self, hash: &SecretHash, now: Time) -> Option<&Link> {
        self.links.get(hash).filter(|link| link.expires > now)
    }

    /// All links that are good, the newest first.
    pub(super) fn links(&self, now: Time) -> Vec<&Link> {
        let mut list: Vec<&Link> = self.links.values().filter(|link| link.expires > now).collect();
        list.sort_by_key(|link| std::cmp::Reverse(link.id));
        list
    }

    /// A token that is good.
    pub(super) fn token(&self, hash: &SecretHash, now: Time) -> Option<&Token> {
        self.tokens.get(hash).filter(|token| token.expires > now)
    }

    /// Tokens of somebody that are good, the newest first.
    pub(super) fn tokens_of(&self, person: i64, now: Time) -> Vec<&Token> {
        let theirs = self.tokens.values().filter(|token| token.person == person && token.expires > now);
        let mut list: Vec<&Token> = theirs.collect();
        list.sort_by_key(|token| std::cmp::Reverse(token.id));
        list
    }

    /// Memberships that wait for an account.
    pub(crate) fn promises(&self) -> &[Promise] {
        &self.promises
    }

    /// What is over, and may go from the file: sessions, links and tokens that are too old.
    pub(super) fn stale(&self, now: Time) -> Vec<PeopleWrite> {
        let sessions = self.sessions.values().filter(|one| one.expires <= now);
        let links = self.links.values().filter(|one| one.expires <= now);
        let tokens = self.tokens.values().filter(|one| one.expires <= now);
        let sessions = sessions.map(|one| PeopleWrite::EndSession(one.id));
        let links = links.map(|one| PeopleWrite::EndLink(one.id));
        sessions.chain(links).chain(tokens.map(|one| PeopleWrite::EndToken(one.id))).collect()
    }
}
