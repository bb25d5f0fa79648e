//! One's own account: profile, password, sessions, tokens. Must not know others' accounts.

use api::{AccountShown, No, PeopleReply, Refusal, RefusalCode, Secret, SessionRow, TokenRow};
use model::Span;
use store::{PeopleWrite, Person, Token};

use super::{
    caller::Caller,
    passwords::{self, Errand},
    patience::Whose,
    roles::Scope,
    secrets,
    sessions::Then,
};
use crate::{
    connection::ConnId,
    core::{Centre, refuse},
};

/// So many tokens has one person at most.
const TOKENS: usize = 50;

impl Centre {
    /// Who asks, as a person of the pages.
    ///
    /// # Errors
    /// It is an account of the machine that is linked to nobody.
    fn oneself(&self, caller: &Caller) -> Result<Person, Refusal> {
        let none =
            || refuse(RefusalCode::Other, "no member of the pages is linked to this account: `algoric operator link`");
        caller.person.and_then(|id| self.folk.person(id)).cloned().ok_or_else(none)
    }

    pub(super) fn account(&mut self, conn: ConnId, caller: &Caller) -> Result<(), Refusal> {
        let person = self.oneself(caller)?;
        let sessions = self.folk.sessions_of(person.id, self.now).into_iter().map(|session| SessionRow {
            id: session.id,
            created: session.created,
            used: session.used,
            address: session.address.clone(),
            agent: session.agent.clone(),
            this: Some(session.id) == caller.session,
        });
        let sessions = sessions.collect();
        let tokens = self.token_rows(person.id);
        let shown = AccountShown { email: person.email, created: person.created, sessions, tokens };
        self.people_reply(conn, PeopleReply::Account(Box::new(shown)));
        Ok(())
    }

    fn token_rows(&self, person: i64) -> Vec<TokenRow> {
        let tokens = self.folk.tokens_of(person, self.now).into_iter().map(|token| TokenRow {
            id: token.id,
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            created: token.created,
            expires: token.expires,
            used: token.used,
        });
        tokens.collect()
    }

    pub(super) fn tokens(&mut self, conn: ConnId, caller: &Caller) -> Result<(), Refusal> {
        let rows = self.token_rows(self.oneself(caller)?.id);
        self.people_reply(conn, PeopleReply::Tokens(rows));
        Ok(())
    }

    pub(super) fn set_profile(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        name: &str,
        email: &str,
        language: String,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.oneself(caller)?;
        let (name, email) = (name.trim().to_owned(), email.trim().to_owned());
        if let Some(no) = self.unfit(Some(person.id), &person.login, &name, &email) {
            self.say_no(conn, no);
            return Ok(());
        }
        let language = if ["fr", "en"].contains(&language.as_str()) { language } else { String::new() };
        let new = Person { name, email, language, ..person.clone() };
        if new != person {
            self.write_people(PeopleWrite::Person(new));
            self.trace(caller, "profile", "");
        }
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }

    pub(super) fn set_password(
        &mut self,
        conn: ConnId,
        caller: Caller,
        old: Secret,
        new: Secret,
        agent: String,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.oneself(&caller)?;
        // Whoever found an open session must not find out the password by it.
        if let Some(no) = self.must_wait(&[&Whose::Login(person.login.clone())]) {
            self.say_no(conn, no);
            return Ok(());
        }
        if !passwords::is_fit(&new, &person.login, &person.name) {
            self.say_no(conn, No::PasswordUnfit);
            return Ok(());
        }
        let check = Some((old, person.password.clone()));
        let then = Then::SetPassword { conn, caller, person: person.id, agent };
        self.ask_hasher(conn, Errand { check, make: Some(new), then });
        Ok(())
    }

    pub(super) fn password_checked(
        &mut self,
        conn: ConnId,
        caller: Caller,
        person: i64,
        agent: String,
        password: Option<String>,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.folk.person(person).cloned();
        let (Some(person), Some(password)) = (person.clone(), password) else {
            if let Some(person) = person {
                self.patience.failed(Whose::Login(person.login), self.now);
            }
            self.say_no(conn, No::WrongPassword);
            return Ok(());
        };
        self.end_sessions(person.id, None);
        let person = Person { password: Some(password), ..person };
        self.write_people(PeopleWrite::Person(person.clone()));
        self.trace(&caller, "password", "");
        self.begin_session(conn, Caller { session: None, ..caller }, &person, agent, "login")
    }

    pub(super) fn end_session(&mut self, conn: ConnId, caller: &Caller, id: Option<i64>) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.oneself(caller)?;
        match id {
            None => self.end_sessions(person.id, caller.session),
            Some(id) if self.folk.sessions_of(person.id, self.now).iter().any(|session| session.id == id) => {
                self.write_people(PeopleWrite::EndSession(id));
            }
            Some(_) => {
                self.people_reply(conn, PeopleReply::Done);
                return Ok(());
            }
        }
        self.trace(caller, "session-ended", if id.is_none() { "all others" } else { "one" });
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }

    pub(super) fn create_token(
        &mut self,
        conn: ConnId,
        caller: &Caller,
        name: &str,
        scopes: &[String],
        days: u32,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.oneself(caller)?;
        let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(60).collect();
        let known = |word: &String| Scope::ALL.iter().any(|scope| scope.name() == word);
        if name.is_empty() || scopes.is_empty() || !scopes.iter().all(known) || !(1..=366).contains(&days) {
            self.say_no(conn, No::TokenUnfit);
            return Ok(());
        }
        if self.folk.tokens_of(person.id, self.now).len() >= TOKENS {
            self.say_no(conn, No::TooMany);
            return Ok(());
        }
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let secret = Self::secret(secrets::long("algoric_"))?;
        let expires = self.now + Span::seconds(i64::from(days) * 86_400);
        let detail = format!("{name}: {}, {days} days", scopes.join(" "));
        let token = Token {
            id: self.folk.number(),
            hash: secrets::hash(&secret),
            person: person.id,
            name,
            scopes,
            created: self.now,
            expires,
            used: None,
        };
        self.write_people(PeopleWrite::Token(token));
        self.trace(caller, "token-made", detail);
        self.people_reply(conn, PeopleReply::Token { token: secret, expires });
        Ok(())
    }

    pub(super) fn end_token(&mut self, conn: ConnId, caller: &Caller, id: i64) -> Result<(), Refusal> {
        self.writable()?;
        let person = self.oneself(caller)?;
        let tokens = self.folk.tokens_of(person.id, self.now);
        let name = tokens.iter().find(|token| token.id == id).map(|token| token.name.clone());
        if let Some(name) = name {
            self.write_people(PeopleWrite::EndToken(id));
            self.trace(caller, "token-ended", name);
        }
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }
}
