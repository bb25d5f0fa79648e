//! Who asks, and which roles they hold. A role is held by a person of the pages or by an account of this machine; who is
//! both holds what either does. Operators and treasurers that `config.toml` names, operators that commands named, and
//! managers of projects are the same ones here as for commands: there is one truth.
//!
//! Must not know what roles allow ([`super::roles`]).

use api::{Refusal, RefusalCode, Role, Secret, Who};
use model::Uid;
use store::{PeopleWrite, Person, Standing, Trace};

use super::{
    roles::{Action, Scope, may, token_may},
    secrets,
};
use crate::{
    connection::Peer,
    core::{Centre, refuse},
};

/// Who asks for something.
#[derive(Clone)]
pub(crate) struct Caller {
    /// Their number, if it is somebody of the pages.
    pub(crate) person: Option<i64>,
    /// Their session's number, if they came by one.
    pub(super) session: Option<i64>,
    /// The account that jobs run as, if there is one.
    pub(crate) account: Option<Uid>,
    /// How that account is called.
    pub(crate) user: Option<String>,
    /// All roles, in order.
    pub(crate) roles: Vec<Role>,
    /// Projects that they answer for.
    pub(crate) leads: Vec<String>,
    /// What the token is good for, if they came by one.
    pub(super) scopes: Option<Vec<Scope>>,
    /// As they are called, in what is written down.
    pub(crate) who: String,
    /// From where.
    pub(crate) address: String,
}

impl Caller {
    fn nobody(address: String) -> Self {
        let (roles, leads) = (vec![Role::Visitor], Vec::new());
        let (who, user) = (String::new(), None);
        Self { person: None, session: None, account: None, user, roles, leads, scopes: None, who, address }
    }

    /// Whether they may do that.
    pub(crate) fn may(&self, action: Action) -> bool {
        may(&self.roles, action) && self.scopes.as_ref().is_none_or(|scopes| token_may(scopes, action))
    }

    /// As [`Caller::may`], as a refusal.
    ///
    /// # Errors
    /// They may not.
    pub(crate) fn must(&self, action: Action) -> Result<(), Refusal> {
        if self.may(action) {
            return Ok(());
        }
        if self.roles == [Role::Visitor] {
            return Err(refuse(RefusalCode::LogInFirst, ""));
        }
        let text = match &self.scopes {
            Some(_) if may(&self.roles, action) => "this token is not good for that",
            _ => "",
        };
        Err(refuse(RefusalCode::AccessDenied, text))
    }

    /// Whether they hold a role.
    pub(crate) fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether they answer for this project, as who leads it or as who runs the centre.
    pub(crate) fn leads(&self, project: &str) -> bool {
        self.is(Role::Operator) || self.leads.iter().any(|own| own == project)
    }
}

/// A session's time of use is written down so often only.
const TOUCH: model::Span = model::Span::minutes(5);
/// No session lasts longer.
const LONGEST: model::Span = model::Span::seconds(30 * 86_400);

impl Centre {
    /// Who holds this session or token.
    pub(crate) fn caller(&mut self, who: &Who, from: &str) -> Caller {
        let address = from.chars().filter(|letter| !letter.is_control()).take(64).collect();
        match who {
            Who::Visitor => Caller::nobody(address),
            Who::Session(secret) => self.by_session(secret, address),
            Who::Token(secret) => self.by_token(secret, address),
        }
    }

    fn by_session(&mut self, secret: &str, address: String) -> Caller {
        let hash = secrets::hash(&Secret(secret.to_owned()));
        let Some(session) = self.folk.session(&hash, self.now).cloned() else { return Caller::nobody(address) };
        let Some(person) = self.active(session.person) else { return Caller::nobody(address) };
        if self.now - session.used > TOUCH && self.degraded.is_none() {
            let expires = (self.now + self.session_span()).min(session.created + LONGEST);
            let used = store::Session { used: self.now, expires, ..session.clone() };
            self.write_people(PeopleWrite::Session(used));
        }
        Caller { session: Some(session.id), ..self.as_person(&person, address) }
    }

    fn by_token(&mut self, secret: &str, address: String) -> Caller {
        let hash = secrets::hash(&Secret(secret.to_owned()));
        let Some(token) = self.folk.token(&hash, self.now).cloned() else { return Caller::nobody(address) };
        let Some(person) = self.active(token.person) else { return Caller::nobody(address) };
        if token.used.is_none_or(|used| self.now - used > TOUCH) && self.degraded.is_none() {
            self.write_people(PeopleWrite::Token(store::Token { used: Some(self.now), ..token.clone() }));
        }
        let known = |word: &String| Scope::ALL.into_iter().find(|scope| scope.name() == word);
        let scopes = token.scopes.iter().filter_map(known).collect();
        let mut caller = Caller { scopes: Some(scopes), ..self.as_person(&person, address) };
        caller.who = format!("{} ({})", caller.who, token.name);
        caller
    }

    /// Somebody who comes and goes.
    fn active(&self, person: i64) -> Option<Person> {
        self.folk.person(person).filter(|person| person.state == Standing::Active).cloned()
    }

    /// How long a session is good without being used.
    pub(super) fn session_span(&self) -> model::Span {
        model::Span::seconds(i64::from(self.file.portal.session_hours) * 3600)
    }

    /// Somebody of the pages.
    pub(super) fn as_person(&mut self, person: &Person, address: String) -> Caller {
        let account = person.account.as_ref().and_then(|name| self.people.uid(name));
        let user = person.account.clone().filter(|_| account.is_some());
        let (roles, leads) = self.roles_of(Some(person), account);
        let (person, who) = (Some(person.id), person.login.clone());
        Caller { person, session: None, account, user, roles, leads, scopes: None, who, address }
    }

    /// Somebody who typed a command under an account of this machine.
    pub(crate) fn caller_at_machine(&mut self, peer: Peer) -> Caller {
        let user = self.people.name(peer.uid);
        let person = self.folk.of_account(&user).filter(|person| person.state == Standing::Active).cloned();
        let (roles, leads) = self.roles_of(person.as_ref(), Some(peer.uid));
        let (person, who) = (person.map(|person| person.id), format!("{user} (command)"));
        let (account, user, address) = (Some(peer.uid), Some(user), String::new());
        Caller { person, session: None, account, user, roles, leads, scopes: None, who, address }
    }

    /// All roles of somebody, and the projects that they answer for.
    pub(crate) fn roles_of(&mut self, person: Option<&Person>, account: Option<Uid>) -> (Vec<Role>, Vec<String>) {
        let mut roles = vec![Role::Visitor, Role::Member];
        let given = person.map(|person| person.roles.as_slice()).unwrap_or_default();
        roles.extend(given.iter().filter_map(|name| Role::of_name(name)).filter(|role| Role::GIVEN.contains(role)));
        let mut leads = Vec::new();
        if let Some(uid) = account {
            if self.people.is_operator(uid) {
                roles.push(Role::Operator);
            }
            if self.is_named_treasurer(uid) {
                roles.push(Role::Treasurer);
            }
            let user = self.people.name(uid);
            let members = self.people.members.iter().filter(|member| member.user == user);
            leads = members.map(|member| member.project.clone()).collect();
            leads.retain(|project| self.project_role(&user, project) == ledger::budget::Role::Manager);
        }
        if !leads.is_empty() {
            roles.push(Role::Lead);
        }
        roles.sort_unstable();
        roles.dedup();
        (roles, leads)
    }

    /// Changes what is known of people, in memory and in the file.
    pub(crate) fn write_people(&mut self, write: PeopleWrite) {
        self.folk.apply(&write);
        if matches!(write, PeopleWrite::Person(_)) {
            self.people.granted = self.folk.accounts_with(Role::Operator);
        }
        self.journal.write(store::Write::People(Box::new(write)));
    }

    /// A line of the trail of changes, in the transaction of what was written in this turn.
    pub(crate) fn trace(&mut self, caller: &Caller, action: &str, detail: impl Into<String>) {
        let trace = Trace {
            at: self.now,
            person: caller.person,
            who: if caller.who.is_empty() { "-".to_owned() } else { caller.who.clone() },
            address: caller.address.clone(),
            action: action.to_owned(),
            detail: detail
                .into()
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .take(500)
                .collect(),
        };
        self.write_people(PeopleWrite::Trace(trace));
    }

    /// The file was read again after a failure: what is in memory is what is there.
    pub(crate) fn folk_again(&mut self) {
        match self.reader.folk() {
            Ok(read) => {
                self.folk = super::folk::Folk::new(read);
                self.people.granted = self.folk.accounts_with(Role::Operator);
            }
            Err(fault) => crate::complain::complain!("{fault}"),
        }
    }
}
