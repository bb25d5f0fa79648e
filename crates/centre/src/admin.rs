//! What operators do: projects, members, operators, reservations, drain, and the centre's own end.

use crate::complain::complain;
use api::{Admin, AdminKind, AdminRow, Refusal, RefusalCode, Reply, ReservationSpec};
use scheduler::{Reservation, What};
use store::{Fact, Write};

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, Stopping, refuse},
    journal::After,
};

type Outcome = Result<(), Refusal>;

impl Centre {
    pub(crate) fn operators_only(&mut self, peer: Peer) -> Outcome {
        if self.people.is_operator(peer.uid) { Ok(()) } else { Err(refuse(RefusalCode::AccessDenied, "")) }
    }

    pub(crate) fn admin(&mut self, conn: ConnId, peer: Peer, admin: Admin) -> Outcome {
        if let Admin::List(kind) = admin {
            let rows = self.people_rows(peer, kind);
            self.reply(conn, &Reply::Admin(rows));
            return Ok(());
        }
        self.operators_only(peer)?;
        self.writable()?;
        let no_operator = if let Admin::RemoveOperator(user) = &admin { Some(user.clone()) } else { None };
        let (write, text) = self.change_of(admin)?;
        self.journal.write(write);
        if let Some(user) = no_operator {
            self.take_operator_of(&user);
        }
        self.journal.write(Write::Event {
            at: self.now,
            base: None,
            fact: Box::new(Fact::Noted { by: peer.uid, text }),
        });
        self.journal.after(After::PeopleChanged);
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    /// The row that a change writes, and how history tells it.
    fn change_of(&self, admin: Admin) -> Result<(Write, String), Refusal> {
        let project = |name: &str| self.people.projects.iter().find(|project| project.name == name).cloned();
        let no_project = |name: &str| refuse(RefusalCode::InvalidAccount, name);
        let no_user = |name: &str| refuse(RefusalCode::Other, format!("there is no user {name} on this machine"));
        Ok(match admin {
            Admin::AddProject { name, description, shares } => {
                check_name(&name)?;
                let text = format!("project {name} with {shares} shares: {description}");
                (Write::Project { name, description, shares: shares.max(1), closed: false }, text)
            }
            Admin::RemoveProject(name) => {
                let old = project(&name).ok_or_else(|| no_project(&name))?;
                let text = format!("project {name} closed");
                (Write::Project { name, description: old.description, shares: old.shares, closed: true }, text)
            }
            Admin::AddMember { user, project: name, default } => {
                project(&name).filter(|project| !project.closed).ok_or_else(|| no_project(&name))?;
                self.people.uid(&user).ok_or_else(|| no_user(&user))?;
                let text = format!("{user} is member of {name}");
                (Write::Member { user, project: name, membership: Some(default) }, text)
            }
            Admin::RemoveMember { user, project: name } => {
                if !self.people.members.iter().any(|member| member.user == user && member.project == name) {
                    return Err(refuse(RefusalCode::Other, format!("{user} is no member of {name}")));
                }
                let text = format!("{user} is no more member of {name}");
                (Write::Member { user, project: name, membership: None }, text)
            }
            Admin::AddOperator(user) => {
                self.people.uid(&user).ok_or_else(|| no_user(&user))?;
                let text = format!("{user} is operator");
                (Write::Operator { user, is: true }, text)
            }
            Admin::RemoveOperator(user) => {
                match self.people.operators().iter().find(|(name, _)| *name == user) {
                    None => return Err(refuse(RefusalCode::Other, format!("{user} is no operator"))),
                    Some((_, true)) => {
                        let text = format!("{user} is named in config.toml: take the name out there");
                        return Err(refuse(RefusalCode::Other, text));
                    }
                    Some(_) => {}
                }
                let text = format!("{user} is no more operator");
                (Write::Operator { user, is: false }, text)
            }
            Admin::List(_) => return Err(refuse(RefusalCode::Other, "")),
        })
    }

    fn people_rows(&mut self, peer: Peer, kind: AdminKind) -> Vec<AdminRow> {
        let all = self.people.is_operator(peer.uid);
        let me = self.people.name(peer.uid);
        match kind {
            AdminKind::Operator => {
                let list = self.people.operators();
                list.into_iter().map(|(user, fixed)| AdminRow::Operator { user, fixed }).collect()
            }
            AdminKind::Member => {
                let mine = |user: &str| all || user == me;
                let members = self.people.members.iter().filter(|member| mine(&member.user));
                members
                    .map(|member| AdminRow::Member {
                        user: member.user.clone(),
                        project: member.project.clone(),
                        default: member.default,
                    })
                    .collect()
            }
            AdminKind::Project => {
                let mut rows = Vec::new();
                for project in self.people.projects.iter().filter(|project| !project.closed) {
                    let of = self.people.members.iter().filter(|member| member.project == project.name);
                    let members: Vec<String> = of.map(|member| member.user.clone()).collect();
                    if all || members.contains(&me) {
                        rows.push(AdminRow::Project {
                            name: project.name.clone(),
                            description: project.description.clone(),
                            shares: project.shares,
                            members,
                        });
                    }
                }
                rows
            }
        }
    }

    /// The lists changed on disk: take them over, and the shares with them.
    pub(crate) fn people_changed(&mut self) {
        if let Err(fault) = self.people.reload(self.reader.people()) {
            complain!("{fault}");
        }
        let mut config = self.state.config().clone();
        config.shares = self.people.shares();
        self.state.reconfigure(config);
    }

    pub(crate) fn drain(&mut self, conn: ConnId, peer: Peer, reason: Option<String>) -> Outcome {
        self.operators_only(peer)?;
        self.writable()?;
        let what = match reason {
            Some(reason) if reason.trim().is_empty() => {
                return Err(refuse(RefusalCode::Other, "a drain needs a reason: who comes next will ask"));
            }
            Some(reason) => What::Drained { reason, by: peer.uid },
            None => What::Undrained { by: peer.uid },
        };
        let back = matches!(what, What::Undrained { .. });
        self.record(what).map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))?;
        if back {
            self.mend(peer.uid);
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    pub(crate) fn reserve(&mut self, conn: ConnId, peer: Peer, mut wish: ReservationSpec) -> Outcome {
        self.operators_only(peer)?;
        self.writable()?;
        if wish.name.is_empty() {
            // As Slurm names them: after who asked, counted.
            let user = self.people.name(peer.uid);
            let taken = |name: &String| self.state.machine_use().reservations.iter().any(|other| other.name == *name);
            let mut names = (1..).map(|number| format!("{user}_{number}"));
            wish.name = names.find(|name| !taken(name)).unwrap_or_default();
        }
        if wish.end <= wish.start || wish.end <= self.now {
            return Err(refuse(RefusalCode::InvalidTime, "a reservation ends after it begins, and not in the past"));
        }
        let reservation = Reservation {
            name: wish.name,
            start: wish.start,
            end: wish.end,
            cores: wish.cores,
            users: wish.users,
            accounts: wish.accounts,
            flags: wish.flags,
        };
        self.record(What::Reserved(reservation))
            .map_err(|fault| refuse(RefusalCode::InvalidReservation, fault.to_string()))?;
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    pub(crate) fn unreserve(&mut self, conn: ConnId, peer: Peer, name: String) -> Outcome {
        self.operators_only(peer)?;
        self.writable()?;
        let shown = name.clone();
        self.record(What::Unreserved { name }).map_err(|_| refuse(RefusalCode::InvalidReservation, shown))?;
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    pub(crate) fn reservations(&mut self, conn: ConnId) -> Outcome {
        let list = self.state.machine_use().reservations.into_iter().map(|held| ReservationSpec {
            name: held.name,
            start: held.start,
            end: held.end,
            cores: held.cores,
            users: held.users,
            accounts: held.accounts,
            flags: held.flags,
        });
        let list = list.collect();
        self.reply(conn, &Reply::Reservations(list));
        Ok(())
    }

    /// The centre ends: at once, leaving jobs running, or when nothing runs any more.
    pub(crate) fn stop(&mut self, conn: ConnId, peer: Peer, drain: bool) -> Outcome {
        self.operators_only(peer)?;
        self.stopping = if drain { Stopping::Draining } else { Stopping::Now };
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }
}

/// Names of projects go into command lines and file names.
fn check_name(name: &str) -> Outcome {
    let good = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if good {
        Ok(())
    } else {
        let text = format!("`{name}` is no name for a project: letters, digits, `-`, `_` and `.`, 64 at most");
        Err(refuse(RefusalCode::Other, text))
    }
}
