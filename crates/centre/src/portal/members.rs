//! What operators do: invite, give roles, link accounts, keep out, look at what was changed. Must not know who may: see
//! [`super::roles`].

use api::{InvitationRow, MemberChange, MemberRow, No, PeopleReply, Refusal, Role};
use ledger::budget::Role as ProjectRole;
use model::Span;
use store::{LinkKind, MoneyWrite, PeopleWrite, Person, Promise, Standing, Write};

use super::{
    caller::Caller,
    links::{NewLink, holds},
};
use crate::{connection::ConnId, core::Centre, journal::After, reading::Question};

/// What was done, or why not.
type Done = Result<(), No>;

/// A link for a new password is good for so long.
const RESET: Span = Span::seconds(24 * 3600);
/// Another one is sent after so long.
const AGAIN: Span = Span::minutes(5);

impl Centre {
    pub(super) fn members(&mut self, conn: ConnId) {
        let persons: Vec<Person> = self.folk.persons().cloned().collect();
        let members = persons.iter().map(|person| self.member_row(person)).collect();
        let invitations = self.folk.links(self.now).into_iter().map(|link| InvitationRow {
            id: link.id,
            kind: link.kind.word().to_owned(),
            email: link.email.clone(),
            project: link.project.clone(),
            roles: link.roles.clone(),
            author: link.author.clone(),
            expires: link.expires,
        });
        let invitations = invitations.collect();
        let accounts = self.free_accounts();
        self.people_reply(conn, PeopleReply::Members { members, invitations, accounts });
    }

    fn member_row(&mut self, person: &Person) -> MemberRow {
        let account = person.account.as_ref().and_then(|name| self.people.uid(name));
        let (roles, _) = self.roles_of(Some(person), account);
        let fixed = roles.iter().filter(|role| Role::GIVEN.contains(role) && !self.can_take(person, **role)).copied();
        MemberRow {
            id: person.id,
            login: person.login.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            state: person.state.word().to_owned(),
            note: person.note.clone(),
            account: person.account.clone(),
            made: person.made,
            fixed: fixed.collect(),
            roles,
            projects: self.my_projects(person.id, person.account.as_deref()),
            created: person.created,
            seen: person.seen,
        }
    }

    /// Whether a role of somebody can be taken away here: not what `config.toml` says, nor what follows from running a
    /// centre of one's own.
    fn can_take(&self, person: &Person, role: Role) -> bool {
        let Some(account) = &person.account else { return true };
        match role {
            Role::Operator => {
                let uid = self.people.uid(account);
                let is_own = uid.is_some_and(|uid| self.people.is_own(uid));
                !is_own && !self.file.operators.contains(account)
            }
            Role::Treasurer => !self.file.money.treasurers.contains(account),
            _ => true,
        }
    }

    pub(super) fn invite(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        email: String,
        roles: Vec<Role>,
        project: Option<(String, String)>,
        days: u32,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let email = email.trim().to_owned();
        if let Some(no) = self.bad_invitation(caller, &email, &roles, project.as_ref(), days) {
            self.say_no(conn, no);
            return Ok(());
        }
        let detail = match &project {
            Some((project, role)) => format!("{email} {} to {project} as {role}", names(&roles)),
            None => format!("{email} {}", names(&roles)),
        };
        let roles = roles.iter().map(|role| role.name().to_owned()).collect();
        let span = Span::seconds(i64::from(days) * 86_400);
        let new = NewLink { kind: LinkKind::Invite, person: None, email: email.clone(), roles, project, span };
        let mut reply = self.new_link(&caller.who, new)?;
        self.trace(caller, "invited", detail.trim());
        if let PeopleReply::Code { address, sent, .. } = &mut reply
            && !email.is_empty()
            && self.letter_with_link(&email, LinkKind::Invite, &address.0)
        {
            *sent = Some(email);
        }
        self.people_reply(conn, reply);
        Ok(())
    }

    fn bad_invitation(
        &self,
        caller: &Caller,
        email: &str,
        roles: &[Role],
        project: Option<&(String, String)>,
        days: u32,
    ) -> Option<No> {
        if !email.is_empty() && !crate::mail::is_address(email) {
            return Some(No::EmailUnfit);
        }
        // Who only leads a project invites to it, and gives nothing of the centre's.
        let is_operator = caller.is(Role::Operator);
        if roles.iter().any(|role| !is_operator || !Role::GIVEN.contains(role)) {
            return Some(No::RoleFixed);
        }
        match project {
            None if !is_operator => return Some(No::NoProject),
            Some((project, role)) => {
                let is_open = self.people.projects.iter().any(|known| known.name == *project && !known.closed);
                if !is_open || !caller.leads(project) || role.parse::<ProjectRole>().is_err() {
                    return Some(No::NoProject);
                }
            }
            None => {}
        }
        (!(1..=90).contains(&days)).then_some(No::NoLink)
    }

    pub(super) fn end_invitation(&mut self, conn: ConnId, caller: &Caller, id: i64) -> Result<(), Refusal> {
        self.writable()?;
        let link = self.folk.links(self.now).into_iter().find(|link| link.id == id).cloned();
        let Some(link) = link else {
            self.say_no(conn, No::NoLink);
            return Ok(());
        };
        self.write_people(PeopleWrite::EndLink(id));
        self.trace(caller, "link-ended", format!("{} {}", link.kind.word(), link.email));
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }

    /// What an operator does to somebody.
    pub(super) fn change_member(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        id: i64,
        change: MemberChange,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let Some(person) = self.folk.person(id).cloned() else {
            self.say_no(conn, No::NobodyThere);
            return Ok(());
        };
        let done = match change {
            MemberChange::Role { role, is } => self.set_role_of(caller, &person, role, is),
            MemberChange::Link(account) => self.link_account(caller, &person, &account, false),
            MemberChange::Unlink => self.unlink_account(caller, &person),
            MemberChange::MakeAccount(name) => return self.make_account(conn, caller, &person, &name),
            MemberChange::Lock => self.stand(caller, &person, Standing::Locked),
            MemberChange::Unlock => self.stand(caller, &person, Standing::Active),
            MemberChange::Archive => self.stand(caller, &person, Standing::Archived),
            MemberChange::Reset => return self.reset_by_operator(conn, caller, &person),
        };
        match done {
            Ok(()) => self.people_reply(conn, PeopleReply::Done),
            Err(no) => self.say_no(conn, no),
        }
        Ok(())
    }

    fn set_role_of(&mut self, caller: &Caller, person: &Person, role: Role, is: bool) -> Done {
        if !Role::GIVEN.contains(&role) || (!is && !self.can_take(person, role)) {
            return Err(No::RoleFixed);
        }
        if !is && role == Role::Operator && self.is_last_operator(person) {
            return Err(No::LastOperator);
        }
        let mut roles = person.roles.clone();
        roles.retain(|name| name != role.name());
        if is {
            roles.push(role.name().to_owned());
        }
        // Whoever is both a person here and an account there holds a role by either: taking it takes both.
        if let (false, Role::Operator, Some(user)) = (is, role, &person.account) {
            self.journal.write(Write::Operator { user: user.clone(), is: false });
            self.journal.after(After::PeopleChanged);
        }
        self.write_people(PeopleWrite::Person(Person { roles, ..person.clone() }));
        let action = if is { "role-given" } else { "role-taken" };
        self.trace(caller, action, format!("{} {}", person.login, role.name()));
        Ok(())
    }

    /// Whoever is linked to an account that is an operator's no more holds the role no more either.
    pub(crate) fn take_operator_of(&mut self, user: &str) {
        let Some(person) = self.folk.of_account(user).cloned() else { return };
        if holds(&person, Role::Operator) {
            let mut roles = person.roles.clone();
            roles.retain(|name| name != Role::Operator.name());
            self.write_people(PeopleWrite::Person(Person { roles, ..person }));
        }
    }

    /// Whoever is linked to an account is not to be known any more: nothing of them stays but a number.
    pub(crate) fn forget_person(&mut self, user: &str, pseudonym: &str) {
        let Some(person) = self.folk.of_account(user).cloned() else { return };
        self.shut_out(person.id);
        let login = format!("{pseudonym}-{}", person.id);
        self.write_people(PeopleWrite::Person(Person {
            login,
            name: pseudonym.to_owned(),
            email: String::new(),
            account: None,
            password: None,
            roles: Vec::new(),
            state: Standing::Archived,
            note: String::new(),
            ..person
        }));
    }

    /// What is held about the person that an account is linked to.
    pub(crate) fn person_told(&self, user: &str) -> serde_json::Value {
        let Some(person) = self.folk.of_account(user) else { return serde_json::Value::Null };
        let sessions = self.folk.sessions_of(person.id, self.now).into_iter();
        let sessions = sessions
            .map(|one| serde_json::json!({ "since": one.created.0, "address": one.address, "agent": one.agent }));
        let tokens = self.folk.tokens_of(person.id, self.now).into_iter();
        let tokens =
            tokens.map(|one| serde_json::json!({ "name": one.name, "scopes": one.scopes, "expires": one.expires.0 }));
        serde_json::json!({
            "login": person.login,
            "name": person.name,
            "email": person.email,
            "language": person.language,
            "roles": person.roles,
            "state": person.state.word(),
            "since": person.created.0,
            "seen": person.seen.map(|at| at.0),
            "sessions": sessions.collect::<Vec<_>>(),
            "tokens": tokens.collect::<Vec<_>>(),
        })
    }

    /// Ends everything by which somebody comes in.
    fn shut_out(&mut self, person: i64) {
        self.end_sessions(person, None);
        let tokens: Vec<i64> = self.folk.tokens_of(person, self.now).iter().map(|token| token.id).collect();
        tokens.into_iter().for_each(|id| self.write_people(PeopleWrite::EndToken(id)));
    }

    /// Whether nobody else could log in and run the centre.
    fn is_last_operator(&self, person: &Person) -> bool {
        let is_operator = |one: &Person| one.state == Standing::Active && holds(one, Role::Operator);
        is_operator(person) && !self.folk.persons().any(|other| other.id != person.id && is_operator(other))
    }

    fn stand(&mut self, caller: &Caller, person: &Person, state: Standing) -> Done {
        if state != Standing::Active {
            if self.is_last_operator(person) {
                return Err(No::LastOperator);
            }
            self.shut_out(person.id);
        }
        self.write_people(PeopleWrite::Person(Person { state, ..person.clone() }));
        if person.made
            && let Some(account) = &person.account
        {
            self.close_account(account, state != Standing::Active);
        }
        let action = match state {
            Standing::Active => "let-in",
            Standing::Locked | Standing::Waiting => "locked",
            Standing::Archived => "archived",
        };
        self.trace(caller, action, person.login.clone());
        Ok(())
    }

    fn reset_by_operator(&mut self, conn: ConnId, caller: &Caller, person: &Person) -> Result<(), Refusal> {
        let reply = self.reset_link(&caller.who, person)?;
        self.trace(caller, "reset-link", person.login.clone());
        self.people_reply(conn, reply);
        Ok(())
    }

    /// A new link by which somebody sets a new password; those before are good no more.
    fn reset_link(&mut self, author: &str, person: &Person) -> Result<PeopleReply, Refusal> {
        let links = self.folk.links(self.now).into_iter();
        let old = links.filter(|link| link.kind == LinkKind::Reset && link.person == Some(person.id));
        let old: Vec<i64> = old.map(|link| link.id).collect();
        old.into_iter().for_each(|id| self.write_people(PeopleWrite::EndLink(id)));
        let (kind, email) = (LinkKind::Reset, person.email.clone());
        let new = NewLink { kind, person: Some(person.id), email, roles: Vec::new(), project: None, span: RESET };
        self.new_link(author, new)
    }

    /// Whoever forgot their password is sent a link, if there is somebody and letters are sent. The answer is the same
    /// for everybody.
    pub(super) fn ask_reset(&mut self, conn: ConnId, caller: &Caller, login: &str) -> Result<(), Refusal> {
        self.writable()?;
        let whose = super::patience::Whose::Address(caller.address.clone());
        if let Some(no) = self.must_wait(&[&whose]) {
            self.say_no(conn, no);
            return Ok(());
        }
        // Each time counts: it sends letters to others.
        (0..5).for_each(|_| self.patience.failed(whose.clone(), self.now));
        let login = login.trim().to_lowercase();
        let known = self.folk.called(&login).or_else(|| self.folk.addressed(&login)).cloned();
        if let Some(person) = known.filter(|person| person.state == Standing::Active && !person.email.is_empty())
            && self.mail.is_there()
            && !self.has_new_reset(&person)
            && let PeopleReply::Code { address, .. } = self.reset_link(&person.login, &person)?
        {
            self.letter_with_link(&person.email, LinkKind::Reset, &address.0);
            self.trace(caller, "reset-asked", person.login.clone());
        }
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }

    /// A link was made a moment ago: nobody's letterbox is filled, nor their link made worthless, by whoever asks again and
    /// again.
    fn has_new_reset(&self, person: &Person) -> bool {
        let links = self.folk.links(self.now).into_iter();
        let mut own = links.filter(|link| link.kind == LinkKind::Reset && link.person == Some(person.id));
        own.any(|link| link.author == person.login && self.now - link.created < AGAIN)
    }

    /// Memberships that waited for an account are kept.
    pub(super) fn keep_promises(&mut self, person: i64, user: &str) {
        let kept: Vec<Promise> =
            self.folk.promises().iter().filter(|promise| promise.person == person).cloned().collect();
        for promise in kept {
            self.write_people(PeopleWrite::EndPromise { person, project: promise.project.clone() });
            self.join(user, &promise.project, &promise.role);
        }
    }

    /// An account becomes a member of a project.
    fn join(&mut self, user: &str, project: &str, role: &str) {
        let is_first = !self.people.members.iter().any(|member| member.user == user);
        let (user, project) = (user.to_owned(), project.to_owned());
        let write = Write::Member { user: user.clone(), project: project.clone(), membership: Some(is_first) };
        self.journal.write(write);
        if let Ok(role) = role.parse::<ProjectRole>()
            && role != ProjectRole::Member
        {
            let word = Some(role.name().to_owned());
            let write = MoneyWrite::Role { user: user.clone(), project: project.clone(), role: word };
            self.journal.write(Write::Money(Box::new(write)));
            self.set_project_role(user, project, role);
        }
        self.journal.after(After::PeopleChanged);
    }

    /// Somebody becomes a member of a project: now, or when they have an account.
    pub(crate) fn join_or_promise(&mut self, person: &Person, project: &str, role: &str) {
        match &person.account {
            Some(user) => self.join(user, project, role),
            None => {
                let (project, role) = (project.to_owned(), role.to_owned());
                self.write_people(PeopleWrite::Promise(Promise { person: person.id, project, role }));
            }
        }
    }

    pub(super) fn trail(&mut self, conn: ConnId, before: Option<i64>, person: Option<i64>) {
        let question = Question::Trail { before: before.unwrap_or(i64::MAX), person };
        self.journal.after(After::Read(conn, Box::new(question)));
    }
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" ")
}
