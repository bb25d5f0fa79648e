//! `/operator/members`: who there is, invitations, roles, accounts.

use api::{InvitationRow, MemberChange, MemberRow, No, PeopleReply, PeopleRequest, Role, Secret};
use askama::Template;
use axum::{
    extract::{Path, Query, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use model::Time;
use serde::Deserialize;

use crate::{
    door::DoorError,
    fault::Fault,
    page::show,
    visit::{Posted, Visit},
};

#[derive(Template)]
#[template(path = "operator/members.html")]
struct MembersPage<'a> {
    visit: &'a Visit,
    /// Those of this page.
    members: &'a [MemberRow],
    /// What was looked for.
    sought: &'a str,
    page: usize,
    pages: usize,
    invitations: &'a [InvitationRow],
    accounts: &'a [String],
    code: Option<&'a Made>,
    no: Option<String>,
}

/// A code that was just made.
struct Made {
    code: Secret,
    address: Secret,
    expires: Time,
    sent: Option<String>,
}

/// So many members are on a page.
const PAGE: usize = 15;

/// Which members are looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    q: String,
    page: usize,
}

/// Those that are looked for: who waits for something first, then by name.
fn chosen(mut members: Vec<MemberRow>, sought: &str) -> Vec<MemberRow> {
    let sought = sought.trim().to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&sought);
    members.retain(|one| {
        let account = one.account.as_deref().unwrap_or_default();
        [one.name.as_str(), &one.login, &one.email, account].into_iter().any(holds)
    });
    members.sort_by_key(|one| {
        let rank = match one.state.as_str() {
            "waiting" => 0,
            "active" if one.account.is_none() => 1,
            "archived" => 3,
            _ => 2,
        };
        (rank, one.name.to_lowercase())
    });
    members
}

impl MembersPage<'_> {
    /// The address of another page of the same list.
    fn address(&self, page: usize) -> String {
        format!("/operator/members?page={page}&q={}", crate::page::quoted(self.sought))
    }

    fn before(&self) -> Option<String> {
        self.page.checked_sub(1).map(|page| self.address(page))
    }

    fn behind(&self) -> Option<String> {
        (self.page + 1 < self.pages).then(|| self.address(self.page + 1))
    }

    /// The name that an account for somebody would have.
    fn proposed(&self, member: &MemberRow) -> String {
        member.login.replace('.', "-")
    }

    fn role(&self, role: Role) -> String {
        self.visit.t(&format!("role-{}", role.name()))
    }

    fn roles(&self, member: &MemberRow) -> String {
        let said = member.roles.iter().filter(|role| **role != Role::Visitor).map(|role| self.role(*role));
        said.collect::<Vec<_>>().join(", ")
    }

    /// Roles that are given, by name and in words.
    fn given(&self) -> Vec<(&'static str, String)> {
        Role::GIVEN.iter().map(|role| (role.name(), self.role(*role))).collect()
    }

    /// Roles that somebody can be given, or that can be taken from them.
    fn changeable(&self, member: &MemberRow) -> Vec<(&'static str, String, bool)> {
        let free = Role::GIVEN.iter().filter(|role| !member.fixed.contains(role));
        free.map(|role| (role.name(), self.role(*role), member.roles.contains(role))).collect()
    }

    fn state(&self, member: &MemberRow) -> String {
        self.visit.t(&format!("member-{}", member.state))
    }

    fn kind(&self, link: &InvitationRow) -> String {
        self.visit.t(&format!("links-{}", link.kind))
    }
}

/// `/operator`: the members are what there is to do here.
pub async fn front(visit: Visit) -> Result<Response, Fault> {
    visit.members_only()?;
    Ok(Redirect::to("/operator/members").into_response())
}

/// Everybody.
pub async fn page(visit: Visit, asked: Result<Query<Asked>, QueryRejection>) -> Result<Response, Fault> {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    members(&visit, asked, None, None).await
}

async fn members(visit: &Visit, asked: Asked, code: Option<&Made>, no: Option<&No>) -> Result<Response, Fault> {
    let PeopleReply::Members { members, invitations, accounts } = visit.people(PeopleRequest::Members).await? else {
        return Err(DoorError::Unfit.into());
    };
    let no_words = no.map(|no| visit.no(no));
    let chosen = chosen(members, &asked.q);
    let pages = chosen.len().div_ceil(PAGE).max(1);
    let page = asked.page.min(pages - 1);
    let members = &chosen[page * PAGE..chosen.len().min((page + 1) * PAGE)];
    let (sought, invitations, accounts) = (asked.q.as_str(), &invitations, &accounts);
    let shown = MembersPage { visit, members, sought, page, pages, invitations, accounts, code, no: no_words };
    let page = show(&shown)?;
    let status = if no.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page).into_response())
}

/// Back to the page; there, with what was wrong or the code that was made.
async fn done(visit: &Visit, reply: PeopleReply) -> Result<Response, Fault> {
    match reply {
        PeopleReply::Done => Ok(Redirect::to("/operator/members?done=saved").into_response()),
        PeopleReply::No(no) => members(visit, Asked::default(), None, Some(&no)).await,
        PeopleReply::Code { code, address, expires, sent } => {
            members(visit, Asked::default(), Some(&Made { code, address, expires, sent }), None).await
        }
        _ => Err(DoorError::Unfit.into()),
    }
}

/// What an operator does to somebody.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Change {
    what: String,
    role: String,
    account: String,
}

/// Does it.
pub async fn change(Path(person): Path<i64>, Posted(visit, form): Posted<Change>) -> Result<Response, Fault> {
    let role = || Role::of_name(&form.role).ok_or_else(Fault::unreadable);
    let change = match form.what.as_str() {
        "give" => MemberChange::Role { role: role()?, is: true },
        "take" => MemberChange::Role { role: role()?, is: false },
        "link" => MemberChange::Link(form.account),
        "unlink" => MemberChange::Unlink,
        "make" => MemberChange::MakeAccount(form.account),
        "lock" => MemberChange::Lock,
        "unlock" => MemberChange::Unlock,
        "archive" => MemberChange::Archive,
        "reset" => MemberChange::Reset,
        _ => return Err(Fault::unreadable()),
    };
    let reply = visit.people(PeopleRequest::Change { person, change }).await?;
    done(&visit, reply).await
}

/// Whom to invite.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Invitation {
    email: String,
    role: String,
    project: String,
    project_role: String,
    days: String,
}

/// Makes an invitation.
pub async fn invite(Posted(visit, form): Posted<Invitation>) -> Result<Response, Fault> {
    let Invitation { email, role, project, project_role, days } = form;
    let roles = Role::of_name(&role).filter(|role| Role::GIVEN.contains(role)).into_iter().collect();
    let as_what = if project_role.is_empty() { "member".to_owned() } else { project_role };
    let project = (!project.trim().is_empty()).then(|| (project.trim().to_owned(), as_what));
    let days = days.parse().unwrap_or(14);
    let reply = visit.people(PeopleRequest::Invite { email, roles, project, days }).await?;
    done(&visit, reply).await
}

/// Which link.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Numbered {
    id: String,
}

/// Takes a link back.
pub async fn end_link(Posted(visit, form): Posted<Numbered>) -> Result<Response, Fault> {
    let Ok(id) = form.id.parse() else { return Err(Fault::unreadable()) };
    let reply = visit.people(PeopleRequest::EndInvitation(id)).await?;
    done(&visit, reply).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(login: &str, state: &str, account: Option<&str>) -> MemberRow {
        MemberRow {
            id: 0,
            login: login.to_owned(),
            name: login.to_uppercase(),
            email: format!("{login}@example.org"),
            state: state.to_owned(),
            note: String::new(),
            account: account.map(str::to_owned),
            made: false,
            roles: Vec::new(),
            fixed: Vec::new(),
            projects: Vec::new(),
            created: Time(0),
            seen: None,
        }
    }

    #[test]
    fn who_waits_comes_first_and_others_by_name() {
        let all = || {
            vec![
                member("gone", "archived", Some("gone")),
                member("yann", "active", Some("yk")),
                member("anna", "active", Some("anna")),
                member("zoe", "active", None),
                member("new", "waiting", None),
            ]
        };
        let names = |sought: &str| -> Vec<String> { chosen(all(), sought).into_iter().map(|one| one.login).collect() };
        assert_eq!(names(""), ["new", "zoe", "anna", "yann", "gone"]);
        assert_eq!(names(" YK "), ["yann"], "by account");
        assert_eq!(names("anna@"), ["anna"]);
        assert_eq!(names("<script>"), Vec::<String>::new());
    }
}
