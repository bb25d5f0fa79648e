//! What is held about a member: told to them, and forgotten where no law wants it. Must not know how long the law does.

use api::RefusalCode;
use ledger::privacy::{Kept, pseudonym};
use model::Uid;
use scheduler::RowFilter;
use store::{Fact, MoneyWrite, Write};

use super::orders::{Outcome, wrong};
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    journal::After,
    reading::Question,
};

impl Centre {
    /// Everything that is held about a member: for them, and for operators.
    pub(super) fn export_member(&mut self, conn: ConnId, peer: Peer, user: &str) -> Outcome {
        let uid = self.people.uid(user).ok_or_else(|| wrong(format!("there is no user {user} on this machine")))?;
        if uid != peer.uid && !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, "members see what is held about themselves"));
        }
        let members = self.people.members.iter().filter(|member| member.user == user);
        let projects: Vec<serde_json::Value> = members
            .map(|member| {
                let role = self.money.roles.get(&(member.user.clone(), member.project.clone()));
                let role = role.map_or("member", |role| role.name());
                serde_json::json!({ "project": member.project, "role": role, "default": member.default })
            })
            .collect();
        let is_treasurer = self.is_named_treasurer(uid);
        let about = serde_json::json!({
            "user": user,
            "uid": uid.0,
            "projects": projects,
            "is_operator": self.people.is_operator(uid),
            "pages": self.person_told(user),
            "is_treasurer": is_treasurer,
        });
        self.ask_archive(conn, Question::Export { uid, about });
        Ok(())
    }

    /// Once a day: what was kept long enough about jobs goes, and history says how much that was.
    pub(super) fn keep_no_longer(&mut self) {
        let Some(retention) = &self.money.retention else { return };
        if (self.now - self.money.retained).0.abs() < 86_400_000 {
            return;
        }
        self.money.retained = self.now;
        let today = self.money.day(self.now);
        let years = retention.rules().iter().find(|rule| rule.what == Kept::Jobs).map(|rule| rule.years);
        let Some(years) = years else { return };
        let before = today.plus_years(-i16::from(years)).start(&self.money.zone);
        match self.reader.forgettable(before) {
            Ok(0) => {}
            Ok(count) => {
                self.write_money(MoneyWrite::Forget(before));
                self.submissions.forget_contents();
                let text =
                    format!("names, folders and scripts of {count} jobs are kept no longer, after {years} years");
                crate::complain::complain!("{text}");
                let fact = Box::new(Fact::Noted { by: Uid::ROOT, text });
                self.journal.write(Write::Event { at: self.now, base: None, fact });
            }
            Err(fault) => crate::complain::complain!("{fault}"),
        }
    }

    /// A member is not to be known any more: names, scripts and memberships go, what was used and billed stays under a
    /// number.
    pub(super) fn erase_member(&mut self, peer: Peer, user: &str) -> Outcome {
        if !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, "only operators erase members"));
        }
        let uid = self.people.uid(user).ok_or_else(|| wrong(format!("there is no user {user} on this machine")))?;
        let mut open = 0;
        let filter = RowFilter { user: Some(uid), ..RowFilter::default() };
        self.state
            .ids(&filter, &mut |id| open += usize::from(self.state.job(id).is_some_and(|job| !job.state().is_final())));
        if open > 0 {
            return Err(wrong(format!("{user} has {open} jobs that are not over: cancel them first")));
        }
        if self.file.operators.iter().chain(&self.file.money.treasurers).any(|name| name == user) {
            return Err(wrong(format!("{user} is named in config.toml: take the name out there first")));
        }
        let pseudonym = pseudonym(uid.0);
        self.write_money(MoneyWrite::Erase { uid, user: user.to_owned(), pseudonym: pseudonym.clone() });
        self.money.roles.retain(|(name, _), _| name != user);
        self.forget_person(user, &pseudonym);
        // Scripts that are emptied are not taken for the same content again.
        self.submissions.forget_contents();
        self.noted(peer, format!("{pseudonym} was erased"));
        self.journal.after(After::PeopleChanged);
        Ok(())
    }
}
