//! What is asked about people: who is here, coming in, links. Must not know roles: what a request is called is said here,
//! who may do it in [`super::roles`].

use api::{Me, MyProject, PeopleReply, PeopleRequest, PortalReply, Refusal, Role, Who};
use ledger::budget::Role as ProjectRole;
use store::Standing;

use super::{caller::Caller, roles::Action, secrets};
use crate::{connection::ConnId, core::Centre};

/// Which action a request is.
pub(super) fn action(request: &PeopleRequest) -> Action {
    match request {
        PeopleRequest::WhoAmI => Action::SeePublic,
        PeopleRequest::LogIn { .. } | PeopleRequest::SeeLink(_) | PeopleRequest::TakeLink(_) => Action::ComeIn,
        PeopleRequest::LogOut => Action::Leave,
        PeopleRequest::FirstLink => Action::MakeOperator,
        PeopleRequest::AskReset(_) | PeopleRequest::Join { .. } => Action::ComeIn,
        PeopleRequest::Account | PeopleRequest::Tokens => Action::SeeOneself,
        PeopleRequest::SetProfile { .. }
        | PeopleRequest::SetPassword { .. }
        | PeopleRequest::EndSession(_)
        | PeopleRequest::CreateToken { .. }
        | PeopleRequest::EndToken(_) => Action::ChangeOneself,
        PeopleRequest::Members => Action::SeeMembers,
        PeopleRequest::Invite { project: Some(_), .. } => Action::InviteToProject,
        PeopleRequest::Invite { project: None, .. } => Action::Invite,
        PeopleRequest::EndInvitation(_) | PeopleRequest::Change { .. } => Action::ChangeMembers,
        PeopleRequest::Trail { .. } => Action::SeeTrail,
    }
}

impl Centre {
    /// Answers what somebody may ask.
    pub(super) fn people_asked(
        &mut self,
        conn: ConnId,
        who: &Who,
        caller: Caller,
        request: PeopleRequest,
    ) -> Result<(), Refusal> {
        match request {
            PeopleRequest::WhoAmI => {
                let me = self.me(who, &caller);
                self.portal_reply(conn, PortalReply::People(PeopleReply::Me(Box::new(me))));
            }
            PeopleRequest::LogIn { login, password, agent } => self.log_in(conn, caller, &login, password, agent)?,
            PeopleRequest::LogOut => self.log_out(conn, &caller)?,
            PeopleRequest::SeeLink(code) => self.see_link(conn, &caller, &code),
            PeopleRequest::TakeLink(take) => self.take_link(conn, caller, *take)?,
            PeopleRequest::FirstLink => self.ask_first_link(conn, &caller)?,
            PeopleRequest::Join { who, note } => self.ask_to_join(conn, caller, *who, &note)?,
            PeopleRequest::AskReset(login) => self.ask_reset(conn, &caller, &login)?,
            PeopleRequest::Members => self.members(conn),
            PeopleRequest::Invite { email, roles, project, days } => {
                self.invite(conn, &caller, email, roles, project, days)?;
            }
            PeopleRequest::EndInvitation(id) => self.end_invitation(conn, &caller, id)?,
            PeopleRequest::Change { person, change } => self.change_member(conn, &caller, person, change)?,
            PeopleRequest::Trail { before, person } => self.trail(conn, before, person),
            own => self.own_asked(conn, caller, own)?,
        }
        Ok(())
    }

    /// What somebody asks about themselves.
    fn own_asked(&mut self, conn: ConnId, caller: Caller, request: PeopleRequest) -> Result<(), Refusal> {
        match request {
            PeopleRequest::Account => self.account(conn, &caller),
            PeopleRequest::SetProfile { name, email, language } => {
                self.set_profile(conn, &caller, &name, &email, language)
            }
            PeopleRequest::SetPassword { old, new, agent } => self.set_password(conn, caller, old, new, agent),
            PeopleRequest::EndSession(id) => self.end_session(conn, &caller, id),
            PeopleRequest::CreateToken { name, scopes, days } => self.create_token(conn, &caller, &name, &scopes, days),
            PeopleRequest::Tokens => self.tokens(conn, &caller),
            PeopleRequest::EndToken(id) => self.end_token(conn, &caller, id),
            // Answered before.
            _ => Ok(()),
        }
    }

    fn me(&mut self, who: &Who, caller: &Caller) -> Me {
        let mut me =
            Me { centre: self.name.clone(), roles: caller.roles.clone(), every_user: self.every_user, ..Me::default() };
        let Some(person) = caller.person.and_then(|id| self.folk.person(id)) else { return me };
        me.member = Some(person.id);
        (me.login, me.name, me.language) = (person.login.clone(), person.name.clone(), person.language.clone());
        me.account.clone_from(&person.account);
        if let Who::Session(secret) = who {
            me.csrf = secrets::csrf(secret);
        }
        me.projects = self.my_projects(person.id, person.account.as_deref());
        if caller.is(Role::Operator) {
            let waits = |one: &&store::Person| match one.state {
                Standing::Waiting => true,
                Standing::Active => one.account.is_none(),
                Standing::Locked | Standing::Archived => false,
            };
            me.waiting = self.folk.persons().filter(waits).count() as u32;
        }
        me
    }

    /// Projects of somebody: those that they are in, and those that wait until they have an account.
    pub(super) fn my_projects(&self, person: i64, account: Option<&str>) -> Vec<MyProject> {
        let members = self.people.members.iter().filter(|member| Some(member.user.as_str()) == account);
        let own = members.map(|member| MyProject {
            name: member.project.clone(),
            role: self.project_role(&member.user, &member.project).name().to_owned(),
            promised: false,
        });
        let promises = self.folk.promises().iter().filter(|promise| promise.person == person);
        let promised = promises.map(|promise| MyProject {
            name: promise.project.clone(),
            role: if promise.role.is_empty() { ProjectRole::Member.name().to_owned() } else { promise.role.clone() },
            promised: true,
        });
        own.chain(promised).collect()
    }
}
