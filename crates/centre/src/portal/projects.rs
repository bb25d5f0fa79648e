//! Projects for those who are in them: members, how they stand, what they used, their invoices. Who answers for a project
//! says who is in it; the table of roles says the rest. What is long is read on the archive's thread ([`crate::used`]).

use std::collections::BTreeMap;

use api::{
    HeldQuote, MyProject, PortalReply, ProjectMember, ProjectRow, ProjectShown, ProjectsReply, ProjectsRequest,
    Refusal, RefusalCode, Role,
};
use energy::period::Period;
use ledger::budget::Role as ProjectRole;
use model::{JobId, Text, Time};
use scheduler::RowFilter;
use store::{PeopleWrite, Promise, Write};

use super::{caller::Caller, roles::Action};
use crate::{
    connection::ConnId,
    core::{Centre, refuse},
    journal::After,
    reading::Question,
    used::{InvoiceQuestion, UsedQuestion},
};

/// So many quotes are told one by one.
const MOST_QUOTES: usize = 50;

/// The words that say what a project is are short.
const MOST_WORDS: usize = 500;

/// Which action is a request?
pub(super) fn action(request: &ProjectsRequest) -> Action {
    match request {
        ProjectsRequest::List | ProjectsRequest::Show(_) | ProjectsRequest::Used { .. } => Action::SeeProjects,
        ProjectsRequest::Invoices(_) | ProjectsRequest::Invoice { .. } => Action::SeeBills,
        ProjectsRequest::Consent { .. } | ProjectsRequest::Describe { .. } | ProjectsRequest::Role { .. } => {
            Action::LeadProject
        }
    }
}

type Outcome = Result<(), Refusal>;

impl Centre {
    pub(super) fn projects_asked(&mut self, conn: ConnId, caller: &Caller, request: ProjectsRequest) -> Outcome {
        let answer = match request {
            ProjectsRequest::List => ProjectsReply::List(self.project_list(caller)),
            ProjectsRequest::Show(name) => ProjectsReply::One(Box::new(self.project_shown(caller, &name)?)),
            ProjectsRequest::Used { project, period } => {
                let question = self.used_question(caller, &project, period.as_deref())?;
                self.journal.after(After::Read(conn, Box::new(Question::Used(Box::new(question)))));
                return Ok(());
            }
            ProjectsRequest::Invoices(name) => {
                self.must_see_bills(caller, &name)?;
                ProjectsReply::Invoices(self.bills_of(&name))
            }
            ProjectsRequest::Invoice { project, number } => {
                self.must_see_bills(caller, &project)?;
                if !self.is_bill_of(&project, &number) {
                    return Err(missing(&number));
                }
                self.journal.after(After::Read(conn, Box::new(Question::Invoice(InvoiceQuestion { number }))));
                return Ok(());
            }
            change => {
                self.change_project(caller, change)?;
                self.reply_when_safe(conn, reply(ProjectsReply::Done));
                return Ok(());
            }
        };
        self.reply(conn, &reply(answer));
        Ok(())
    }

    /// What somebody is to projects.
    fn own_projects(&self, caller: &Caller) -> Vec<MyProject> {
        self.my_projects(caller.person.unwrap_or(-1), caller.user.as_deref())
    }

    fn project_list(&self, caller: &Caller) -> Vec<ProjectRow> {
        let own = self.own_projects(caller);
        let all = sees_all(caller);
        let is_own = |name: &str| own.iter().any(|mine| mine.name == name);
        let seen = self.people.projects.iter().filter(|project| is_own(&project.name) || (all && !project.closed));
        seen.map(|project| self.project_row(project, &own)).collect()
    }

    fn project_row(&self, project: &store::Project, own: &[MyProject]) -> ProjectRow {
        let members = self.people.members.iter().filter(|member| member.project == project.name).count();
        let promised = self.folk.promises().iter().filter(|promise| promise.project == project.name).count();
        let budgets = self.purse_row(&project.name).budgets.into_iter().filter(|budget| budget.limit > 0);
        let full = |budget: api::BudgetRow| {
            let taken = i128::from(budget.spent) + i128::from(budget.reserved);
            i64::try_from(taken * 1000 / i128::from(budget.limit)).unwrap_or(i64::MAX)
        };
        ProjectRow {
            name: project.name.clone(),
            description: project.description.clone(),
            closed: project.closed,
            role: own.iter().find(|mine| mine.name == project.name).map(|mine| mine.role.clone()).unwrap_or_default(),
            members: (members + promised) as u32,
            full_permille: budgets.map(full).max(),
        }
    }

    /// A project that somebody may see. One that they may not see is one that there is not.
    fn visible_project(&self, caller: &Caller, name: &str) -> Result<(&store::Project, Vec<MyProject>), Refusal> {
        let own = self.own_projects(caller);
        let may = sees_all(caller) || own.iter().any(|mine| mine.name == name);
        let project = self.people.projects.iter().find(|project| may && project.name == name);
        project.map(|project| (project, own)).ok_or_else(|| missing(name))
    }

    fn project_shown(&self, caller: &Caller, name: &str) -> Result<ProjectShown, Refusal> {
        let (project, own) = self.visible_project(caller, name)?;
        let (running, pending, quotes) = self.project_jobs(name);
        let (quotes, other_quotes) = self.quotes_seen(caller, name, quotes);
        Ok(ProjectShown {
            row: self.project_row(project, &own),
            public: project.public,
            leads: caller.may(Action::LeadProject) && caller.leads(name),
            sees_bills: caller.may(Action::SeeBills) && self.must_see_bills(caller, name).is_ok(),
            members: self.project_members(caller, name),
            purse: self.purse_row(name),
            customer: self.payer_of(name).map(|(_, name)| name.to_owned()).unwrap_or_default(),
            paid: self.paid_months(name),
            running,
            pending,
            quotes,
            other_quotes,
        })
    }

    /// How many jobs of a project run and wait, and what is set aside for each submission.
    fn project_jobs(&self, name: &str) -> (u32, u64, Vec<HeldQuote>) {
        let (mut running, mut pending) = (0, 0);
        let mut quotes: BTreeMap<JobId, HeldQuote> = BTreeMap::new();
        self.state.ids(&RowFilter::default(), &mut |id| {
            let Some(job) = self.state.job(id).filter(|job| &**job.account() == name) else { return };
            let runs = job.placement().is_some();
            let tasks = job.tasks().map_or(1, |tasks| tasks.len());
            if runs {
                running += 1;
            } else {
                pending += tasks;
            }
            let held = self.held_for(id);
            if held == 0 {
                return;
            }
            let limit = job.time_limit().span();
            let quote = quotes.entry(job.base()).or_insert_with(|| HeldQuote {
                job: job.base(),
                name: Text::default(),
                user: String::new(),
                running: 0,
                pending: 0,
                microeur: 0,
                until: None,
                limit_ms: limit.map(|limit| limit.0),
            });
            if quote.user.is_empty()
                && let Some(row) = self.state.row(id, self.now)
            {
                (quote.name, quote.user) = (row.name.clone(), row.owner.user.clone());
                quote.until = row.end.filter(|_| runs);
            } else if runs {
                quote.until = quote.until.max(self.state.row(id, self.now).and_then(|row| row.end));
            }
            quote.microeur = quote.microeur.saturating_add(held);
            *(if runs { &mut quote.running } else { &mut quote.pending }) += if runs { 1 } else { tasks };
        });
        (running, pending, quotes.into_values().collect())
    }

    /// The greatest of the quotes that somebody may see; how many others there are, and their sum.
    fn quotes_seen(&self, caller: &Caller, project: &str, mut all: Vec<HeldQuote>) -> (Vec<HeldQuote>, (u64, i64)) {
        let is_open = !self.file.privacy.private_jobs || sees_all(caller) || caller.leads(project);
        all.sort_by_key(|quote| (std::cmp::Reverse(quote.microeur), quote.job));
        let (mut seen, mut others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|quote| is_open || caller.user.as_ref() == Some(&quote.user));
        others.extend(seen.split_off(seen.len().min(MOST_QUOTES)));
        let sum = others.iter().fold(0_i64, |sum, quote| sum.saturating_add(quote.microeur));
        (seen, (others.len() as u64, sum))
    }

    fn project_members(&self, caller: &Caller, project: &str) -> Vec<ProjectMember> {
        let members = self.people.members.iter().filter(|member| member.project == project);
        let members = members.map(|member| {
            let person = self.folk.of_account(&member.user);
            ProjectMember {
                user: member.user.clone(),
                name: person.map(|person| person.name.clone()).unwrap_or_default(),
                role: self.project_role(&member.user, project).name().to_owned(),
                promised: false,
                is_me: caller.user.as_ref() == Some(&member.user),
            }
        });
        let promises = self.folk.promises().iter().filter(|promise| promise.project == project);
        let promises = promises.filter_map(|promise| {
            let person = self.folk.person(promise.person)?;
            let role = if promise.role.is_empty() { ProjectRole::Member.name() } else { &promise.role };
            Some(ProjectMember {
                user: person.login.clone(),
                name: person.name.clone(),
                role: role.to_owned(),
                promised: true,
                is_me: caller.person == Some(person.id),
            })
        });
        members.chain(promises).collect()
    }

    /// Invoices are for who sees to money, and for who answers for all that is on them.
    fn must_see_bills(&self, caller: &Caller, name: &str) -> Outcome {
        self.visible_project(caller, name)?;
        let answers = |project: &str| caller.leads(project);
        if sees_all(caller) || (answers(name) && self.paid_with(name).into_iter().all(answers)) {
            return Ok(());
        }
        Err(refuse(RefusalCode::AccessDenied, "invoices are for those who answer for all projects that are on them"))
    }

    fn used_question(&self, caller: &Caller, name: &str, asked: Option<&str>) -> Result<UsedQuestion, Refusal> {
        self.visible_project(caller, name)?;
        let period = match asked {
            None => Period::month_of(self.now, &self.zone),
            Some(text) => text.parse::<Period>().map_err(|wrong| refuse(RefusalCode::InvalidTime, wrong))?,
        };
        let (from, until): (Time, Time) =
            period.bounds(&self.zone).ok_or_else(|| refuse(RefusalCode::InvalidTime, period.to_string()))?;
        let members = self.people.members.iter().filter(|member| member.project == name);
        let names = members.filter_map(|member| Some((self.people.uid(&member.user)?, member.user.clone()))).collect();
        Ok(UsedQuestion {
            project: name.to_owned(),
            period,
            from,
            until,
            now: self.now,
            threads: self.state.config().machine.threads_per_core(),
            names,
            only: (!sees_all(caller) && !caller.leads(name)).then_some(caller.account),
        })
    }

    fn change_project(&mut self, caller: &Caller, change: ProjectsRequest) -> Outcome {
        self.writable()?;
        let (ProjectsRequest::Consent { project, .. }
        | ProjectsRequest::Describe { project, .. }
        | ProjectsRequest::Role { project, .. }) = &change
        else {
            return Ok(());
        };
        let old = self.visible_project(caller, project)?.0.clone();
        if !caller.leads(project) {
            return Err(refuse(RefusalCode::AccessDenied, "only those who answer for a project change it"));
        }
        match change {
            ProjectsRequest::Consent { project, public } => {
                self.trace(caller, "project-consent", format!("{project}: {}", if public { "yes" } else { "no" }));
                self.journal.write(Write::Consent { project, public });
            }
            ProjectsRequest::Describe { project, description } => {
                let description = description.trim().replace(char::is_control, " ");
                if description.chars().count() > MOST_WORDS {
                    let text = format!("what a project is, is said in {MOST_WORDS} letters at most");
                    return Err(refuse(RefusalCode::Other, text));
                }
                self.trace(caller, "project-words", format!("{project}: {description}"));
                self.journal.write(Write::Project {
                    name: project,
                    description,
                    shares: old.shares,
                    closed: old.closed,
                });
            }
            ProjectsRequest::Role { project, user, role } => self.change_role(caller, &project, &user, role)?,
            _ => {}
        }
        self.journal.after(After::PeopleChanged);
        Ok(())
    }

    fn change_role(&mut self, caller: &Caller, project: &str, user: &str, role: Option<String>) -> Outcome {
        let role = role.map(|word| word.parse::<ProjectRole>()).transpose();
        let role = role.map_err(|wrong| refuse(RefusalCode::Other, wrong.to_string()))?;
        let members = self.project_members(caller, project);
        let absent = || refuse(RefusalCode::Other, format!("{user} is no member of {project}"));
        let member = members.iter().find(|member| member.user == user).ok_or_else(absent)?;
        let is_last = !members.iter().any(|one| one.user != user && !one.promised && one.role == "manager");
        let steps_down = member.role == "manager" && role != Some(ProjectRole::Manager);
        if is_last && steps_down && !caller.is(Role::Operator) {
            let text = format!("{user} is the last who answers for {project}: name somebody else first");
            return Err(refuse(RefusalCode::Other, text));
        }
        let told = role.map_or("no member any more", ProjectRole::name);
        self.trace(caller, "project-role", format!("{project}: {user} is {told}"));
        let project = project.to_owned();
        if member.promised {
            let Some(person) = self.folk.called(user).map(|person| person.id) else { return Err(absent()) };
            self.write_people(match role {
                Some(role) => PeopleWrite::Promise(Promise { person, project, role: role.name().to_owned() }),
                None => PeopleWrite::EndPromise { person, project },
            });
            return Ok(());
        }
        self.put_project_role(user, &project, role.unwrap_or(ProjectRole::Member));
        if role.is_none() {
            self.journal.write(Write::Member { user: user.to_owned(), project, membership: None });
        }
        Ok(())
    }
}

/// Who sees every project: who runs the centre, and who sees to its money.
fn sees_all(caller: &Caller) -> bool {
    caller.is(Role::Operator) || caller.is(Role::Treasurer)
}

fn missing(name: &str) -> Refusal {
    refuse(RefusalCode::InvalidAccount, name)
}

fn reply(answer: ProjectsReply) -> api::Reply {
    api::Reply::Portal(Box::new(PortalReply::Projects(answer)))
}
