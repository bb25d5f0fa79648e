//! Links that are good once: the first one makes an operator, others make members or set a new password. Each is also a
//! code that can be printed and typed. Must not know how they travel.

use api::{LinkShown, No, PeopleReply, Refusal, Role, Secret, TakeLink};
use model::Span;
use store::{Link, LinkKind, PeopleWrite, Person, Standing};

use super::{
    caller::Caller,
    passwords::{self, Errand},
    patience::Whose,
    secrets,
    sessions::Then,
};
use crate::{connection::ConnId, core::Centre};

/// A link that somebody uses, while their password is hashed.
pub(crate) struct Taking {
    link: Link,
    login: String,
    name: String,
    email: String,
    language: String,
    agent: String,
}

/// The first link is good for so long: whoever started the centre sits before it.
const FIRST: Span = Span::seconds(24 * 3600);

/// So many people may wait for an answer.
const WAITING: usize = 100;

/// What a new link is good for.
pub(super) struct NewLink {
    pub(super) kind: LinkKind,
    pub(super) person: Option<i64>,
    pub(super) email: String,
    pub(super) roles: Vec<String>,
    pub(super) project: Option<(String, String)>,
    pub(super) span: Span,
}

impl Centre {
    /// Makes a link, and tells it.
    pub(super) fn new_link(&mut self, author: &str, new: NewLink) -> Result<PeopleReply, Refusal> {
        let code = Self::secret(secrets::code())?;
        let expires = self.now + new.span;
        let (project, role) = new.project.map_or((None, String::new()), |(project, role)| (Some(project), role));
        let link = Link {
            id: self.folk.number(),
            hash: secrets::hash(&code),
            kind: new.kind,
            person: new.person,
            email: new.email,
            roles: new.roles,
            project,
            role,
            author: author.to_owned(),
            created: self.now,
            expires,
        };
        let address = Secret(format!("{}{}/{}", self.public_url(), new.kind.word(), code.0));
        self.write_people(PeopleWrite::Link(link));
        Ok(PeopleReply::Code { code, address, expires, sent: None })
    }

    /// The address of the pages, as people type it, with its `/`.
    pub(super) fn public_url(&self) -> String {
        let url = self.file.portal.public_url.as_ref().unwrap_or(&self.url);
        format!("{}/", url.trim_end_matches('/'))
    }

    /// The link that makes the first operator, while there is none; the one before is good no more.
    pub(crate) fn first_link(&mut self) -> Option<Secret> {
        let is_operator = |person: &Person| person.state == Standing::Active && holds(person, Role::Operator);
        if self.folk.persons().any(is_operator) {
            return None;
        }
        match self.make_first_link("algoric up") {
            Ok(PeopleReply::Code { address, .. }) => Some(address),
            _ => None,
        }
    }

    fn make_first_link(&mut self, author: &str) -> Result<PeopleReply, Refusal> {
        let old: Vec<i64> =
            self.folk.links(self.now).iter().filter(|link| link.kind == LinkKind::First).map(|link| link.id).collect();
        old.into_iter().for_each(|id| self.write_people(PeopleWrite::EndLink(id)));
        let roles = vec![Role::Operator.name().to_owned()];
        let (kind, email) = (LinkKind::First, String::new());
        self.new_link(author, NewLink { kind, person: None, email, roles, project: None, span: FIRST })
    }

    /// `algoric operator link`
    pub(super) fn ask_first_link(&mut self, conn: ConnId, caller: &Caller) -> Result<(), Refusal> {
        self.writable()?;
        let reply = self.make_first_link(&caller.who)?;
        self.trace(caller, "operator-link", "");
        self.people_reply(conn, reply);
        Ok(())
    }

    /// The link of a code, unless whoever asks tried too many.
    fn link_of(&mut self, caller: &Caller, code: &Secret) -> Result<Link, No> {
        let whose = Whose::Address(caller.address.clone());
        if let Some(no) = self.must_wait(&[&whose]) {
            return Err(no);
        }
        match self.folk.link(&secrets::hash_of_code(code), self.now) {
            Some(link) => Ok(link.clone()),
            None => {
                self.patience.failed(whose, self.now);
                Err(No::NoLink)
            }
        }
    }

    pub(super) fn see_link(&mut self, conn: ConnId, caller: &Caller, code: &Secret) {
        let reply = match self.link_of(caller, code) {
            Err(no) => PeopleReply::No(no),
            Ok(link) => {
                let person = link.person.and_then(|id| self.folk.person(id));
                PeopleReply::Link(LinkShown {
                    kind: link.kind.word().to_owned(),
                    login: person.map(|person| person.login.clone()).unwrap_or_default(),
                    email: link.email,
                    project: link.project,
                    expires: link.expires,
                    account: (link.kind == LinkKind::First).then(|| self.own_account()).flatten(),
                })
            }
        };
        self.people_reply(conn, reply);
    }

    pub(super) fn take_link(&mut self, conn: ConnId, caller: Caller, take: TakeLink) -> Result<(), Refusal> {
        self.writable()?;
        let link = match self.link_of(&caller, &take.code) {
            Ok(link) => link,
            Err(no) => {
                self.say_no(conn, no);
                return Ok(());
            }
        };
        if link.kind == LinkKind::Invite
            && let Some(person) = caller.person.and_then(|id| self.folk.person(id)).cloned()
        {
            self.accept_as_member(conn, &caller, &link, &person);
            return Ok(());
        }
        let TakeLink { login, name, email, language, password, agent, .. } = take;
        let whose =
            link.person.and_then(|id| self.folk.person(id)).map(|person| (person.login.clone(), person.name.clone()));
        let taking = Taking {
            login: login.trim().to_lowercase(),
            name: name.trim().to_owned(),
            email: if email.trim().is_empty() { link.email.clone() } else { email.trim().to_owned() },
            language: if ["fr", "en"].contains(&language.as_str()) { language } else { String::new() },
            agent,
            link,
        };
        let (known_login, known_name) = whose.unwrap_or_else(|| (taking.login.clone(), taking.name.clone()));
        let no = match taking.link.kind {
            LinkKind::Reset => None,
            LinkKind::First | LinkKind::Invite => self.unfit(None, &taking.login, &taking.name, &taking.email),
        };
        let is_fit = passwords::is_fit(&password, &known_login, &known_name);
        if let Some(no) = no.or((!is_fit).then_some(No::PasswordUnfit)) {
            self.say_no(conn, no);
            return Ok(());
        }
        let then = Then::TakeLink { conn, caller, taking: Box::new(taking) };
        self.ask_hasher(conn, Errand { check: None, make: Some(password), then });
        Ok(())
    }

    /// Somebody who is a member already takes what an invitation gives.
    fn accept_as_member(&mut self, conn: ConnId, caller: &Caller, link: &Link, person: &Person) {
        let mut roles = person.roles.clone();
        roles.extend(link.roles.iter().cloned());
        roles.sort_unstable();
        roles.dedup();
        self.write_people(PeopleWrite::EndLink(link.id));
        if roles != person.roles {
            self.write_people(PeopleWrite::Person(Person { roles, ..person.clone() }));
        }
        self.take_what_it_gives(person, link);
        self.trace(caller, "accepted", format!("a link of {}", link.author));
        self.people_reply(conn, PeopleReply::Done);
    }

    /// Whoever uses a link becomes a member of its project.
    fn take_what_it_gives(&mut self, person: &Person, link: &Link) {
        if let Some(project) = &link.project {
            self.join_or_promise(person, project, &link.role);
        }
    }

    /// Somebody whom nobody invited asks to become a member: an operator answers.
    pub(super) fn ask_to_join(
        &mut self,
        conn: ConnId,
        caller: Caller,
        who: TakeLink,
        note: &str,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let TakeLink { login, name, email, language, password, .. } = who;
        let (login, name) = (login.trim().to_lowercase(), name.trim().to_owned());
        let email = email.trim().to_owned();
        let waiting = self.folk.persons().filter(|person| person.state == Standing::Waiting).count();
        let whose = Whose::Address(caller.address.clone());
        let is_fit = passwords::is_fit(&password, &login, &name);
        let no = self
            .must_wait(&[&whose])
            .or_else(|| (waiting >= WAITING).then_some(No::TooMany))
            .or_else(|| self.unfit(None, &login, &name, &email))
            .or_else(|| (!is_fit).then_some(No::PasswordUnfit));
        if let Some(no) = no {
            self.say_no(conn, no);
            return Ok(());
        }
        // Each one counts: nobody fills the list alone.
        (0..5).for_each(|_| self.patience.failed(whose.clone(), self.now));
        let person = Person {
            id: 0,
            login,
            name,
            email,
            language: if ["fr", "en"].contains(&language.as_str()) { language } else { String::new() },
            account: None,
            made: false,
            password: None,
            roles: Vec::new(),
            state: Standing::Waiting,
            note: note.chars().filter(|letter| !letter.is_control() || *letter == '\n').take(1000).collect(),
            created: self.now,
            seen: None,
        };
        let then = Then::Join { conn, caller, person: Box::new(person) };
        self.ask_hasher(conn, Errand { check: None, make: Some(password), then });
        Ok(())
    }

    /// Their password is hashed: they wait for an answer.
    pub(super) fn asked_to_join(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        person: Person,
        password: Option<String>,
    ) -> Result<(), Refusal> {
        self.writable()?;
        if let Some(no) = self.unfit(None, &person.login, &person.name, &person.email) {
            self.say_no(conn, no);
            return Ok(());
        }
        let person = Person { id: self.folk.number(), password, ..person };
        self.trace(caller, "asked-to-join", person.login.clone());
        self.write_people(PeopleWrite::Person(person));
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }

    /// What is wrong with what somebody says of themselves.
    pub(super) fn unfit(&self, own: Option<i64>, login: &str, name: &str, email: &str) -> Option<No> {
        let mut letters = login.bytes();
        let good = letters.next().is_some_and(|first| first.is_ascii_lowercase())
            && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"-_.".contains(&letter));
        if !good || !(2..=32).contains(&login.len()) {
            return Some(No::LoginUnfit);
        }
        if self.folk.called(login).is_some_and(|other| Some(other.id) != own) {
            return Some(No::LoginTaken);
        }
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Some(No::NameUnfit);
        }
        let is_taken = self.folk.addressed(&email.to_lowercase()).is_some_and(|other| Some(other.id) != own);
        if !email.is_empty() && (!crate::mail::is_address(email) || is_taken) {
            return Some(No::EmailUnfit);
        }
        None
    }

    /// The password of who uses a link is hashed: they come in.
    pub(super) fn link_taken(
        &mut self,
        conn: ConnId,
        caller: Caller,
        taking: Taking,
        password: Option<String>,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let Taking { link, login, name, email, language, agent } = taking;
        // Somebody else may have been quicker.
        let is_good = self.folk.link(&link.hash, self.now).is_some();
        let Some(password) = password.filter(|_| is_good) else {
            self.say_no(conn, No::NoLink);
            return Ok(());
        };
        if link.kind == LinkKind::Reset {
            return self.password_set_by_link(conn, caller, &link, password, agent);
        }
        if let Some(no) = self.unfit(None, &login, &name, &email) {
            self.say_no(conn, no);
            return Ok(());
        }
        let account = (link.kind == LinkKind::First).then(|| self.own_account()).flatten();
        let person = Person {
            id: self.folk.number(),
            login,
            name,
            email,
            language,
            account: account.filter(|account| self.folk.of_account(account).is_none()),
            made: false,
            password: Some(password),
            roles: link.roles.clone(),
            state: Standing::Active,
            note: String::new(),
            created: self.now,
            seen: None,
        };
        self.write_people(PeopleWrite::EndLink(link.id));
        self.write_people(PeopleWrite::Person(person.clone()));
        self.take_what_it_gives(&person, &link);
        let who = self.as_person(&person, caller.address.clone());
        self.trace(&who, "joined", format!("{}, by a link of {}", link.kind.word(), link.author));
        self.begin_session(conn, caller, &person, agent, "login")
    }

    fn password_set_by_link(
        &mut self,
        conn: ConnId,
        caller: Caller,
        link: &Link,
        password: String,
        agent: String,
    ) -> Result<(), Refusal> {
        let person = link.person.and_then(|id| self.folk.person(id)).cloned();
        let Some(person) = person.filter(|person| person.state == Standing::Active) else {
            self.say_no(conn, No::NoLink);
            return Ok(());
        };
        let person = Person { password: Some(password), ..person };
        self.write_people(PeopleWrite::EndLink(link.id));
        // Whoever knew the old one is out.
        self.end_sessions(person.id, None);
        self.write_people(PeopleWrite::Person(person.clone()));
        let who = self.as_person(&person, caller.address.clone());
        self.trace(&who, "password-reset", format!("by a link of {}", link.author));
        self.begin_session(conn, caller, &person, agent, "login")
    }

    /// Ends all sessions of somebody, but perhaps one.
    pub(super) fn end_sessions(&mut self, person: i64, but: Option<i64>) {
        let sessions = self.folk.sessions_of(person, self.now);
        let over: Vec<i64> = sessions.iter().map(|session| session.id).filter(|id| Some(*id) != but).collect();
        over.into_iter().for_each(|id| self.write_people(PeopleWrite::EndSession(id)));
    }

    /// In a centre that an ordinary user runs, that user's account: all its jobs are theirs.
    pub(super) fn own_account(&mut self) -> Option<String> {
        (!self.every_user).then(|| self.people.name(self.service_uid))
    }
}

/// Whether somebody was given a role.
pub(super) fn holds(person: &Person, role: Role) -> bool {
    person.roles.iter().any(|name| name == role.name())
}
