//! Coming in and going: a name and its password begin a session, in an order that tells nobody who is a member. Must not
//! know how a password is hashed.

use api::{No, PeopleReply, PortalReply, Refusal, RefusalCode, Secret};
use store::{PeopleWrite, Person, Session, Standing};

use super::{
    caller::Caller,
    links::Taking,
    passwords::{Errand, Hashed},
    patience::Whose,
    secrets,
};
use crate::{
    connection::ConnId,
    core::{Centre, refuse},
};

/// What waits for a password to be looked at.
pub(crate) enum Then {
    /// A session begins.
    LogIn {
        conn: ConnId,
        caller: Caller,
        /// Who it is, if there is somebody of that name.
        person: Option<i64>,
        login: String,
        agent: String,
    },
    /// A link is used.
    TakeLink { conn: ConnId, caller: Caller, taking: Box<Taking> },
    /// Somebody asks to become a member.
    Join { conn: ConnId, caller: Caller, person: Box<Person> },
    /// Somebody changes their own.
    SetPassword { conn: ConnId, caller: Caller, person: i64, agent: String },
}

/// So many sessions of one person are kept; the oldest ends when there is one more.
const SESSIONS: usize = 20;

impl Centre {
    /// An answer about people, once everything that was written for it is on disk.
    pub(super) fn people_reply(&mut self, conn: ConnId, reply: PeopleReply) {
        self.reply_when_safe(conn, api::Reply::Portal(Box::new(PortalReply::People(reply))));
    }

    pub(super) fn say_no(&mut self, conn: ConnId, no: No) {
        self.people_reply(conn, PeopleReply::No(no));
    }

    /// Nothing random, no secrets.
    pub(super) fn secret(made: Result<Secret, impl std::fmt::Display>) -> Result<Secret, Refusal> {
        made.map_err(|fault| refuse(RefusalCode::Other, format!("the system gives no random numbers: {fault}")))
    }

    /// Whether somebody must wait before they try again.
    pub(super) fn must_wait(&self, whose: &[&Whose]) -> Option<No> {
        let longest = whose.iter().map(|whose| self.patience.left(whose, self.now)).max().unwrap_or(0);
        (longest > 0).then_some(No::Wait(longest))
    }

    pub(super) fn log_in(
        &mut self,
        conn: ConnId,
        caller: Caller,
        login: &str,
        password: Secret,
        agent: String,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let login: String = login.trim().to_lowercase().chars().take(64).collect();
        let whose = (Whose::Login(login.clone()), Whose::Address(caller.address.clone()));
        if let Some(no) = self.must_wait(&[&whose.0, &whose.1]) {
            self.say_no(conn, no);
            return Ok(());
        }
        // A name or the address for letters: people remember either.
        let known = self.folk.called(&login).or_else(|| self.folk.addressed(&login));
        let (person, hash) = (known.map(|known| known.id), known.and_then(|known| known.password.clone()));
        let password = Secret(password.0.chars().take(1024).collect());
        let then = Then::LogIn { conn, caller, person, login, agent };
        self.ask_hasher(conn, Errand { check: Some((password, hash)), make: None, then });
        Ok(())
    }

    pub(super) fn ask_hasher(&mut self, conn: ConnId, errand: Errand<Then>) {
        if !self.hasher.ask(errand) {
            self.say_no(conn, No::Busy);
        }
    }

    /// A password was looked at.
    pub(crate) fn hashed(&mut self, hashed: Hashed<Then>) {
        let Hashed { right, made, then } = hashed;
        let (conn, done) = match then {
            Then::LogIn { conn, caller, person, login, agent } => {
                (conn, self.logged_in(conn, caller, right.then_some(person).flatten(), &login, agent))
            }
            Then::Join { conn, caller, person } => (conn, self.asked_to_join(conn, &caller, *person, made)),
            Then::SetPassword { conn, caller, person, agent } => {
                (conn, self.password_checked(conn, caller, person, agent, made))
            }
            Then::TakeLink { conn, caller, taking } => (conn, self.link_taken(conn, caller, *taking, made)),
        };
        if let Err(refusal) = done {
            self.reply(conn, &api::Reply::Refused(refusal));
        }
    }

    fn logged_in(
        &mut self,
        conn: ConnId,
        caller: Caller,
        person: Option<i64>,
        login: &str,
        agent: String,
    ) -> Result<(), Refusal> {
        self.writable()?;
        let whose = Whose::Login(login.to_owned());
        let person = person.and_then(|id| self.folk.person(id)).cloned();
        let Some(person) = person.filter(|person| matches!(person.state, Standing::Active | Standing::Waiting)) else {
            self.patience.failed(whose.clone(), self.now);
            self.patience.failed(Whose::Address(caller.address.clone()), self.now);
            let left = self.patience.left(&whose, self.now);
            if left > 0 {
                let name: String = login.chars().take(32).collect();
                self.trace(&caller, "login-failed", format!("{name}: again in {left} s"));
            }
            self.say_no(conn, No::WrongPassword);
            return Ok(());
        };
        if person.state == Standing::Waiting {
            self.say_no(conn, No::NotYet);
            return Ok(());
        }
        self.patience.passed(&whose);
        self.begin_session(conn, caller, &person, agent, "login")
    }

    /// A session begins; one that the browser had before is over, so that nobody is made to use a foreign one.
    pub(super) fn begin_session(
        &mut self,
        conn: ConnId,
        caller: Caller,
        person: &Person,
        agent: String,
        how: &str,
    ) -> Result<(), Refusal> {
        if let Some(old) = caller.session {
            self.write_people(PeopleWrite::EndSession(old));
        }
        for write in self.folk.stale(self.now) {
            self.write_people(write);
        }
        let surplus: Vec<i64> =
            self.folk.sessions_of(person.id, self.now).iter().skip(SESSIONS - 1).map(|session| session.id).collect();
        surplus.into_iter().for_each(|id| self.write_people(PeopleWrite::EndSession(id)));
        let secret = Self::secret(secrets::long("s"))?;
        let span = self.session_span();
        let session = Session {
            id: self.folk.number(),
            hash: secrets::hash(&secret),
            person: person.id,
            created: self.now,
            used: self.now,
            expires: self.now + span,
            address: caller.address.clone(),
            agent: agent.chars().filter(|letter| !letter.is_control()).take(200).collect(),
        };
        self.write_people(PeopleWrite::Session(session));
        self.write_people(PeopleWrite::Person(Person { seen: Some(self.now), ..person.clone() }));
        let caller = self.as_person(person, caller.address);
        self.trace(&caller, how, "");
        let seconds = u32::try_from(span.0 / 1000).unwrap_or(u32::MAX);
        self.people_reply(conn, PeopleReply::Session { secret, seconds });
        Ok(())
    }

    pub(super) fn log_out(&mut self, conn: ConnId, caller: &Caller) -> Result<(), Refusal> {
        if let Some(session) = caller.session {
            self.writable()?;
            self.write_people(PeopleWrite::EndSession(session));
            self.trace(caller, "logout", "");
        }
        self.people_reply(conn, PeopleReply::Done);
        Ok(())
    }
}
