//! People who use the centre by its pages, as they are in the file: few enough to be read back whole, except the trail of
//! what they changed. Must not know who may do what.

use model::Time;
use rusqlite::{Connection, Row, params};

use crate::{Db, Reader, StoreError};

/// SHA-256 of a secret that we made.
pub type SecretHash = [u8; 32];

/// Somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Their number, for ever.
    pub id: i64,
    /// What they type to log in.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// Where letters go; empty: nowhere.
    pub email: String,
    /// `fr`, `en`, or empty.
    pub language: String,
    /// The account of this machine that is linked.
    pub account: Option<String>,
    /// That account was made for them by us.
    pub made: bool,
    /// Hash of their password, as a PHC string.
    pub password: Option<String>,
    /// Roles in the whole centre, by name.
    pub roles: Vec<String>,
    /// Where they stand.
    pub state: Standing,
    /// What they said when they asked to join.
    pub note: String,
    /// Since when.
    pub created: Time,
    /// When they last logged in.
    pub seen: Option<Time>,
}

impl std::fmt::Debug for Person {
    /// Who it is, and nothing that must not be in a log.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Person({} {:?})", self.id, self.state)
    }
}

/// Where somebody stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Asked to join; an operator has not answered.
    Waiting,
    /// Comes and goes.
    Active,
    /// Kept out for now.
    Locked,
    /// Gone; what they did stays theirs.
    Archived,
}

impl Standing {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Active => "active",
            Standing::Locked => "locked",
            Standing::Archived => "archived",
        }
    }

    /// Of a word; what is not known is kept out.
    fn of(word: &str) -> Self {
        let all = [Standing::Waiting, Standing::Active, Standing::Archived];
        all.into_iter().find(|one| one.word() == word).unwrap_or(Standing::Locked)
    }
}

/// Somebody who is logged in somewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number, by which it is shown and ended.
    pub id: i64,
    /// Of its secret.
    pub hash: SecretHash,
    /// Who.
    pub person: i64,
    /// Since when.
    pub created: Time,
    /// When it was last used, to some minutes.
    pub used: Time,
    /// Until when, at most.
    pub expires: Time,
    /// From where it was begun.
    pub address: String,
    /// By what program.
    pub agent: String,
}

/// A link, or its code on paper, that is good for one thing once.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub id: i64,
    /// Of its code.
    pub hash: SecretHash,
    /// `first`, `invite` or `reset`.
    pub kind: LinkKind,
    /// Whose password it sets.
    pub person: Option<i64>,
    /// Where it was sent; empty: nowhere.
    pub email: String,
    /// Roles that who takes it gets.
    pub roles: Vec<String>,
    /// The project that who takes it becomes a member of.
    pub project: Option<String>,
    /// As what.
    pub role: String,
    /// Who made it.
    pub author: String,
    /// When.
    pub created: Time,
    /// Until when it is good.
    pub expires: Time,
}

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkKind {
    /// Makes the first operator.
    First,
    /// Makes a member.
    Invite,
    /// Sets a new password.
    Reset,
}

impl LinkKind {
    /// Its word, which is also its place among the pages.
    pub fn word(self) -> &'static str {
        match self {
            LinkKind::First => "first",
            LinkKind::Invite => "invite",
            LinkKind::Reset => "reset",
        }
    }
}

/// A token by which a program asks for somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// Of its secret.
    pub hash: SecretHash,
    /// Whose.
    pub person: i64,
    /// What they call it.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Since when.
    pub created: Time,
    /// Until when.
    pub expires: Time,
    /// When it was last used, to some minutes.
    pub used: Option<Time>,
}

macro_rules! told_by_number {
    ($($kind:ident),*) => { $(impl std::fmt::Debug for $kind {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(out, concat!(stringify!($kind), "({})"), self.id)
        }
    })* };
}
told_by_number!(Session, Link, Token);

/// A membership of somebody who has no account of this machine yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise {
    /// Who.
    pub person: i64,
    /// Which project.
    pub project: String,
    /// As what.
    pub role: String,
}

/// A line of the trail of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// When.
    pub at: Time,
    /// Who, if it is somebody of the pages.
    pub person: Option<i64>,
    /// As they are called.
    pub who: String,
    /// From where.
    pub address: String,
    /// What.
    pub action: String,
    /// Of what, in words.
    pub detail: String,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PeopleWrite {
    /// Somebody as they are now.
    Person(Person),
    /// A session as it is now.
    Session(Session),
    /// It is over.
    EndSession(i64),
    /// A link.
    Link(Link),
    /// It was used, or taken back.
    EndLink(i64),
    /// A token as it is now.
    Token(Token),
    /// It is good for nothing any more.
    EndToken(i64),
    /// A membership for later.
    Promise(Promise),
    /// It was kept, or is not any more.
    EndPromise {
        /// Who.
        person: i64,
        /// Which project.
        project: String,
    },
    /// A line of the trail.
    Trace(Trace),
}

impl PeopleWrite {
    /// Writes it, inside the caller's transaction.
    pub(crate) fn perform(&self, sql: &Connection) -> rusqlite::Result<()> {
        let put = |query: &str, row: &[&dyn rusqlite::ToSql]| sql.prepare_cached(query)?.execute(row).map(|_| ());
        match self {
            Self::Person(one) => put(
                include_str!("../queries/put-person.sql"),
                params![
                    one.id,
                    one.login,
                    one.name,
                    one.email,
                    one.language,
                    one.account,
                    one.made,
                    one.password,
                    one.roles.join(","),
                    one.state.word(),
                    one.note,
                    one.created.0,
                    one.seen.map(|at| at.0),
                ],
            ),
            Self::Session(one) => put(
                include_str!("../queries/put-session.sql"),
                params![one.id, one.hash, one.person, one.created.0, one.used.0, one.expires.0, one.address, one.agent],
            ),
            Self::Link(one) => put(
                include_str!("../queries/put-link.sql"),
                params![
                    one.id,
                    one.hash,
                    one.kind.word(),
                    one.person,
                    one.email,
                    one.roles.join(","),
                    one.project,
                    one.role,
                    one.author,
                    one.created.0,
                    one.expires.0,
                ],
            ),
            Self::Token(one) => put(
                include_str!("../queries/put-token.sql"),
                params![
                    one.id,
                    one.hash,
                    one.person,
                    one.name,
                    one.scopes.join(","),
                    one.created.0,
                    one.expires.0,
                    one.used.map(|at| at.0),
                ],
            ),
            Self::EndSession(id) => put("DELETE FROM session WHERE id = ?1", params![id]),
            Self::EndLink(id) => put("DELETE FROM link WHERE id = ?1", params![id]),
            Self::EndToken(id) => put("DELETE FROM token WHERE id = ?1", params![id]),
            Self::Promise(one) => put(
                "INSERT OR REPLACE INTO promise (person, project, role) VALUES (?1, ?2, ?3)",
                params![one.person, one.project, one.role],
            ),
            Self::EndPromise { person, project } => {
                put("DELETE FROM promise WHERE person = ?1 AND project = ?2", params![person, project])
            }
            Self::Trace(one) => put(
                "INSERT INTO audit (at, person, who, address, action, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![one.at.0, one.person, one.who, one.address, one.action, one.detail],
            ),
        }
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Everything of people that the service has in memory.
#[derive(Clone, Debug, Default)]
pub struct Folk {
    /// Everybody.
    pub persons: Vec<Person>,
    /// Who is logged in.
    pub sessions: Vec<Session>,
    /// Links that are not used.
    pub links: Vec<Link>,
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Memberships for later.
    pub promises: Vec<Promise>,
}

impl Db {
    /// People, sessions, links and tokens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn folk(&self) -> Result<Folk, StoreError> {
        Ok(Folk {
            persons: self.rows("SELECT * FROM person ORDER BY id", person)?,
            sessions: self.rows("SELECT * FROM session ORDER BY id", session)?,
            links: self.rows("SELECT * FROM link ORDER BY id", link)?,
            tokens: self.rows("SELECT * FROM token ORDER BY id", token)?,
            promises: self.rows("SELECT person, project, role FROM promise", |row| {
                Ok(Promise { person: row.get(0)?, project: row.get(1)?, role: row.get(2)? })
            })?,
        })
    }
}

impl Reader {
    /// People, sessions, links and tokens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn folk(&self) -> Result<Folk, StoreError> {
        self.db.folk()
    }

    /// Lines of the trail before a number (the newest first), with their numbers; of one person, if one is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn trail(&self, before: i64, person: Option<i64>, most: u32) -> Result<Vec<(i64, Trace)>, StoreError> {
        let read = |row: &Row<'_>| {
            let trace = Trace {
                at: Time(row.get("at")?),
                person: row.get("person")?,
                who: row.get("who")?,
                address: row.get("address")?,
                action: row.get("action")?,
                detail: row.get("detail")?,
            };
            Ok((row.get("seq")?, trace))
        };
        match person {
            None => {
                let query = "SELECT * FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
                self.db.rows_of(query, params![before, most], read)
            }
            Some(person) => {
                let query = "SELECT * FROM audit WHERE person = ?3 AND seq < ?1 ORDER BY seq DESC LIMIT ?2";
                self.db.rows_of(query, params![before, most, person], read)
            }
        }
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.get("id")?,
        login: row.get("login")?,
        name: row.get("name")?,
        email: row.get("email")?,
        language: row.get("language")?,
        account: row.get("account")?,
        made: row.get("made")?,
        password: row.get("password")?,
        roles: words(&row.get::<_, String>("roles")?),
        state: Standing::of(&row.get::<_, String>("state")?),
        note: row.get("note")?,
        created: Time(row.get("created")?),
        seen: row.get::<_, Option<i64>>("seen")?.map(Time),
    })
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        hash: row.get("hash")?,
        person: row.get("person")?,
        created: Time(row.get("created")?),
        used: Time(row.get("used")?),
        expires: Time(row.get("expires")?),
        address: row.get("address")?,
        agent: row.get("agent")?,
    })
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    let kind = match row.get::<_, String>("kind")?.as_str() {
        "first" => LinkKind::First,
        "reset" => LinkKind::Reset,
        _ => LinkKind::Invite,
    };
    Ok(Link {
        id: row.get("id")?,
        hash: row.get("hash")?,
        kind,
        person: row.get("person")?,
        email: row.get("email")?,
        roles: words(&row.get::<_, String>("roles")?),
        project: row.get("project")?,
        role: row.get("role")?,
        author: row.get("author")?,
        created: Time(row.get("created")?),
        expires: Time(row.get("expires")?),
    })
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: row.get("id")?,
        hash: row.get("hash")?,
        person: row.get("person")?,
        name: row.get("name")?,
        scopes: words(&row.get::<_, String>("scopes")?),
        created: Time(row.get("created")?),
        expires: Time(row.get("expires")?),
        used: row.get::<_, Option<i64>>("used")?.map(Time),
    })
}
