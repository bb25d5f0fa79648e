//! `sacctmgr`, read-only: projects, members, qualities of service and the like as Slurm's tables show them.
//!
//! Gets the lists; does not know where they come from. Whatever would change something is refused with what to do
//! instead.

mod parse;
mod tables;

pub use parse::{Options, Request, parse, parse_line};
pub use tables::Entity;

use model::{QosRow, ShareRow, TimeLimit};

use crate::columns;
use crate::text::{put, put_full_span, shown};

/// A user of a project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Login name.
    pub user: String,
    /// Project.
    pub account: String,
    /// The user's default project.
    pub default: bool,
}

/// A project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// Name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its share.
    pub shares: u32,
}

/// Everything that the tables are made from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Books {
    /// This cluster's name.
    pub cluster: String,
    /// The machine that the centre runs on.
    pub host: String,
    /// Projects.
    pub projects: Vec<Project>,
    /// Who is in which.
    pub members: Vec<Member>,
    /// Login names of operators.
    pub operators: Vec<String>,
    /// Qualities of service.
    pub qos: Vec<QosRow>,
    /// GPUs are counted.
    pub gpus: bool,
}

impl Books {
    /// Adds who submitted without being a member of anything, as far as the shares know of them.
    pub fn add_shares(&mut self, rows: &[ShareRow]) {
        for row in rows {
            if !self.projects.iter().any(|project| project.name == row.account) {
                let (name, shares) = (row.account.clone(), row.shares);
                self.projects.push(Project { description: name.clone(), name, shares });
            }
            let Some(user) = &row.user else { continue };
            if !self.members.iter().any(|member| member.user == *user && member.account == row.account) {
                let default = !self.members.iter().any(|member| member.user == *user);
                self.members.push(Member { user: user.clone(), account: row.account.clone(), default });
            }
        }
        self.projects.sort_by(|a, b| a.name.cmp(&b.name));
        self.members.sort_by(|a, b| (&a.account, &a.user).cmp(&(&b.account, &b.user)));
    }

    fn admin_level(&self, user: &str) -> &'static str {
        match user {
            "root" => "Administrator",
            user if self.operators.iter().any(|operator| operator == user) => "Operator",
            _ => "None",
        }
    }

    fn all_qos(&self) -> String {
        let mut names: Vec<&str> = self.qos.iter().map(|qos| qos.name.as_str()).collect();
        names.sort_unstable();
        names.join(",")
    }
}

/// One line of a table: what it is about.
#[derive(Clone, Copy, Default)]
struct Line<'a> {
    user: Option<&'a str>,
    /// The default project of the user.
    default_account: Option<&'a str>,
    project: Option<&'a Project>,
    member: Option<&'a Member>,
    qos: Option<&'a QosRow>,
    /// Type, name and number of a resource.
    tres: Option<(&'static str, &'static str, u32)>,
    /// The root of the tree of projects.
    root: bool,
}

/// Writes the table that was asked for.
pub fn print(options: &Options, books: &Books, out: &mut Vec<u8>) {
    let Request::Show { entity, columns, filter, with_assoc } = &options.request else { return };
    if *entity == Entity::RunawayJobs {
        return put(out, format_args!("Runaway Jobs: No runaway jobs found on cluster {}\n", books.cluster));
    }
    let mut lines = lines(*entity, *with_assoc, books);
    lines.retain(|line| {
        let is = |wanted: &Option<Vec<String>>, value: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| value.is_some_and(|value| wanted.iter().any(|one| one == value)))
        };
        let account = line.member.map(|member| member.account.as_str());
        let account = account.or(line.project.map(|project| project.name.as_str()));
        let account = account.or(line.root.then_some("root"));
        is(&filter.users, line.user)
            && is(&filter.accounts, account)
            && is(&filter.clusters, Some(&books.cluster))
            && is(&filter.qos, line.qos.map(|qos| qos.name.as_str()))
            && is(&filter.tres, line.tres.map(|(kind, _, _)| kind))
    });
    columns::print(&options.look, columns, lines.len(), out, |at, name, out| {
        put_value(*entity, &lines[at], name, books, out);
    });
}

fn lines(entity: Entity, with_assoc: bool, books: &Books) -> Vec<Line<'_>> {
    let default_of = |user: &str| {
        let mine = || books.members.iter().filter(move |member| member.user == user);
        let chosen = mine().find(|member| member.default).or_else(|| mine().next());
        chosen.map(|member| member.account.as_str())
    };
    match entity {
        Entity::User => {
            let mut users: Vec<&str> = books.members.iter().map(|member| member.user.as_str()).collect();
            users.extend(books.operators.iter().map(String::as_str));
            users.sort_unstable();
            users.dedup();
            let mut lines = Vec::new();
            for user in users {
                let line = Line { user: Some(user), default_account: default_of(user), ..Line::default() };
                let mut own = books.members.iter().filter(|member| with_assoc && member.user == user).peekable();
                match own.peek() {
                    None => lines.push(line),
                    Some(_) => lines.extend(own.map(|member| Line { member: Some(member), ..line })),
                }
            }
            lines
        }
        Entity::Account | Entity::Association => {
            let mut lines = Vec::new();
            if entity == Entity::Association {
                lines.push(Line { root: true, ..Line::default() });
            }
            for one in &books.projects {
                lines.push(Line { project: Some(one), ..Line::default() });
                if entity == Entity::Association || with_assoc {
                    let members = books.members.iter().filter(|member| member.account == one.name);
                    lines.extend(members.map(|member| Line {
                        user: Some(&member.user),
                        member: Some(member),
                        project: Some(one),
                        ..Line::default()
                    }));
                }
            }
            lines
        }
        Entity::Qos => books.qos.iter().map(|qos| Line { qos: Some(qos), ..Line::default() }).collect(),
        Entity::Cluster => vec![Line::default()],
        Entity::Tres => {
            let mut known = vec![
                ("cpu", "", 1),
                ("mem", "", 2),
                ("energy", "", 3),
                ("node", "", 4),
                ("billing", "", 5),
                ("fs", "disk", 6),
            ];
            known.extend([("vmem", "", 7), ("pages", "", 8)]);
            known.extend(books.gpus.then_some(("gres", "gpu", 1001)));
            known.into_iter().map(|tres| Line { tres: Some(tres), ..Line::default() }).collect()
        }
        _ => Vec::new(),
    }
}

fn put_value(entity: Entity, line: &Line<'_>, name: &str, books: &Books, out: &mut Vec<u8>) {
    if let Some(qos) = line.qos {
        return put_qos(qos, name, out);
    }
    if let Some((kind, tres, id)) = line.tres {
        return match name {
            "Type" => out.extend_from_slice(kind.as_bytes()),
            "Name" => out.extend_from_slice(tres.as_bytes()),
            _ => put(out, format_args!("{id}")),
        };
    }
    let account = line.member.map(|member| member.account.as_str());
    let account = account.or(line.project.map(|project| project.name.as_str())).unwrap_or_default();
    // What belongs to an association is empty where only a user or an account is shown.
    let bare = matches!(entity, Entity::User) && line.member.is_none();
    let text: &str = match name {
        "User" => line.user.unwrap_or_default(),
        "DefaultAccount" => line.default_account.unwrap_or_default(),
        "AdminLevel" => books.admin_level(line.user.unwrap_or_default()),
        "Account" if line.root => "root",
        "Account" => account,
        "Description" => line.project.map_or("", |project| &project.description),
        "Organization" => account,
        "ParentName" if line.member.is_none() && !line.root && line.project.is_some() => "root",
        "Cluster" if !bare => &books.cluster,
        "ControlHost" => &books.host,
        "ControlPort" => "0",
        "RPC" => "9728",
        "Share" if entity == Entity::Cluster || line.member.is_some() || line.root => "1",
        "Share" => {
            return if let Some(project) = line.project {
                put(out, format_args!("{}", project.shares))
            };
        }
        "QOS" if !bare => return out.extend_from_slice(books.all_qos().as_bytes()),
        "ID" => "0",
        _ => "",
    };
    out.extend_from_slice(text.as_bytes());
}

fn put_qos(qos: &QosRow, name: &str, out: &mut Vec<u8>) {
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    let cpus = |value: Option<u32>| value.map(|value| format!("cpu={value}")).unwrap_or_default();
    let text = match name {
        "Name" => qos.name.clone(),
        "Priority" => qos.priority.to_string(),
        "GraceTime" => "00:00:00".to_owned(),
        "Preempt" => qos.preempts.join(","),
        "PreemptMode" => qos.preempt_mode.clone(),
        "UsageFactor" => "1.000000".to_owned(),
        "GrpTRES" => cpus(qos.max_cpus),
        "MaxTRESPU" => cpus(qos.max_cpus_per_user),
        "MaxJobsPU" => number(qos.max_jobs_per_user),
        "MaxWall" => match qos.max_time {
            TimeLimit::Span(span) => shown(|out| put_full_span(out, span)),
            TimeLimit::Default | TimeLimit::Unlimited => String::new(),
        },
        "Description" => qos.name.clone(),
        "ID" => "1".to_owned(),
        _ => String::new(),
    };
    out.extend_from_slice(text.as_bytes());
}
