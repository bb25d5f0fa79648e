//! `/operator/members`: who there is, invitations, roles, accounts.

use api::{InvitationRow, MemberChange, MemberRow, No, PeopleReply, PeopleRequest, Role, Secret};
use askama::Template;
use axum::{
    extract::Path,
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
    members: &'a [MemberRow],
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

impl MembersPage<'_> {
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
pub async fn page(visit: Visit) -> Result<Response, Fault> {
    members(&visit, None, None).await
}

async fn members(visit: &Visit, code: Option<&Made>, no: Option<&No>) -> Result<Response, Fault> {
    let PeopleReply::Members { members, invitations, accounts } = visit.people(PeopleRequest::Members).await? else {
        return Err(DoorError::Unfit.into());
    };
    let no_words = no.map(|no| visit.no(no));
    let (members, invitations, accounts) = (&members, &invitations, &accounts);
    let page = show(&MembersPage { visit, members, invitations, accounts, code, no: no_words })?;
    let status = if no.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page).into_response())
}

/// Back to the page; there, with what was wrong or the code that was made.
async fn done(visit: &Visit, reply: PeopleReply) -> Result<Response, Fault> {
    match reply {
        PeopleReply::Done => Ok(Redirect::to("/operator/members?done=saved").into_response()),
        PeopleReply::No(no) => members(visit, None, Some(&no)).await,
        PeopleReply::Code { code, address, expires, sent } => {
            members(visit, Some(&Made { code, address, expires, sent }), None).await
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
