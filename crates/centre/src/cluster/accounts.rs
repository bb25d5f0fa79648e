//! What Slurm's associations should be, and the fewest commands that make them so: desired and actual in, changes out. What
//! somebody made in Slurm by hand is reported and left alone. Must not know how a command is run, nor who may change what.

use std::collections::{BTreeMap, BTreeSet};

use dialect::cluster::tree::{Association, Qos};

/// What an account is described by, so that it is known as ours.
pub const MARK: &str = "algoric";

/// What the centre wants of Slurm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Desired {
    /// The cluster.
    pub cluster: String,
    /// Open projects by name, in small letters.
    pub accounts: BTreeMap<String, Account>,
    /// QOS that every member may use, and the one of who asks for none.
    pub qos: Vec<String>,
    /// QOS that only operators may use.
    pub operators_qos: Vec<String>,
    /// Login names of operators.
    pub operators: BTreeSet<String>,
}

impl Desired {
    /// Whether the two differ in what is left of budgets, and in nothing else.
    pub fn is_but_minutes(&self, other: &Self) -> bool {
        let plain = |desired: &Self| {
            let mut plain = desired.clone();
            for account in plain.accounts.values_mut() {
                if let Budget::Minutes(left) = &mut account.budget {
                    *left = 0;
                }
            }
            plain
        };
        plain(self) == plain(other)
    }
}

/// A project.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// What it is.
    pub description: String,
    /// Shares.
    pub shares: u32,
    /// Members, and whether it is their default.
    pub members: BTreeMap<String, bool>,
    /// Its budget.
    pub budget: Budget,
}

/// What a project may still use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Budget {
    /// No budget limits it.
    #[default]
    Free,
    /// So many CPU-minutes more: Slurm stops what goes beyond.
    Minutes(u64),
    /// Nothing is left: nobody submits for it.
    Spent,
}

/// What Slurm has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Actual {
    /// The tree.
    pub associations: Vec<Association>,
    /// Its QOS.
    pub qos: Vec<Qos>,
    /// Users and their default accounts.
    pub users: BTreeMap<String, String>,
    /// CPU-minutes that accounts are known to have used, which `GrpTRESMins` counts in.
    pub used_minutes: BTreeMap<String, u64>,
}

/// A command of `sacctmgr`, without `-i`.
pub type Change = Vec<String>;

/// What is to be done, and what is not touched.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// In this order.
    pub changes: Vec<Change>,
    /// What somebody made by hand, in words.
    pub reports: Vec<String>,
}

fn words(list: &[&str]) -> Change {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// Compares.
pub fn plan(desired: &Desired, actual: &Actual) -> Plan {
    let mut plan = Plan::default();
    let here = |one: &&Association| one.cluster == desired.cluster && one.partition.is_empty();
    let accounts: BTreeMap<&str, &Association> = actual
        .associations
        .iter()
        .filter(here)
        .filter(|one| one.user.is_empty())
        .map(|one| (&*one.account, one))
        .collect();
    let users: BTreeMap<(&str, &str), &Association> = actual
        .associations
        .iter()
        .filter(here)
        .filter(|one| !one.user.is_empty())
        .map(|one| ((&*one.account, &*one.user), one))
        .collect();
    plan.qos(desired, actual);
    for (name, account) in &desired.accounts {
        plan.account(desired, name, account, accounts.get(name.as_str()).copied(), actual);
        for (user, is_default) in &account.members {
            plan.member(desired, name, user, *is_default, users.get(&(name.as_str(), user.as_str())).copied(), actual);
        }
    }
    plan.strangers(desired, &accounts, &users);
    plan.partitions(desired, actual);
    plan
}

impl Plan {
    fn change(&mut self, list: &[&str]) {
        self.changes.push(words(list));
    }

    fn qos(&mut self, desired: &Desired, actual: &Actual) {
        for name in desired.qos.iter().chain(&desired.operators_qos) {
            if !actual.qos.iter().any(|one| one.name == *name) {
                self.change(&["add", "qos", name]);
            }
        }
        let known: BTreeSet<&String> = desired.qos.iter().chain(&desired.operators_qos).collect();
        for one in actual.qos.iter().filter(|one| !known.contains(&one.name)) {
            self.reports.push(format!("QOS {} is Slurm's own: left as it is", one.name));
        }
    }

    fn account(
        &mut self,
        desired: &Desired,
        name: &str,
        account: &Account,
        now: Option<&Association>,
        actual: &Actual,
    ) {
        let shares = account.shares.to_string();
        let (minutes, submit) = limits(account.budget, actual.used_minutes.get(name).copied().unwrap_or(0));
        let Some(now) = now else {
            let description = format!("Description={}", account.description);
            let share = format!("Fairshare={shares}");
            let cluster = format!("Cluster={}", desired.cluster);
            let organization = format!("Organization={MARK}");
            let mut add = words(&["add", "account", name, &cluster, &description, &organization, &share]);
            add.extend([("GrpTRESMins", &minutes), ("GrpSubmitJobs", &submit)].into_iter().filter_map(given));
            self.changes.push(add);
            return;
        };
        let mut set = Vec::new();
        if now.shares != shares {
            set.push(format!("Fairshare={shares}"));
        }
        // A limit that is no longer wanted is taken off; what else somebody limited by hand is theirs.
        let now_minutes = now.minutes.split(',').find(|part| part.starts_with("cpu=")).unwrap_or("");
        if now_minutes != minutes {
            set.push(format!("GrpTRESMins={}", if minutes.is_empty() { "cpu=-1" } else { &minutes }));
        }
        if now.submit != submit {
            set.push(format!("GrpSubmitJobs={}", if submit.is_empty() { "-1" } else { &submit }));
        }
        if !set.is_empty() {
            let (account, cluster) = (format!("Name={name}"), format!("Cluster={}", desired.cluster));
            let mut change = words(&["modify", "account", "where", &account, &cluster, "set"]);
            change.extend(set);
            self.changes.push(change);
        }
        for other in &now.others {
            self.reports.push(format!("account {name} has the limit {other} by hand: left as it is"));
        }
    }

    fn member(
        &mut self,
        desired: &Desired,
        account: &str,
        user: &str,
        is_default: bool,
        now: Option<&Association>,
        actual: &Actual,
    ) {
        let mut qos = desired.qos.clone();
        if desired.operators.contains(user) {
            qos.extend(desired.operators_qos.iter().cloned());
        }
        qos.sort_unstable();
        let first = desired.qos.first().cloned().unwrap_or_else(|| "normal".to_owned());
        let (where_user, where_account) = (format!("Name={user}"), format!("Account={account}"));
        let cluster = format!("Cluster={}", desired.cluster);
        match now {
            None => {
                let (list, default) = (format!("QOS={}", qos.join(",")), format!("DefaultQOS={first}"));
                self.change(&["add", "user", user, &where_account, &cluster, &list, &default]);
            }
            Some(now) => {
                let missing: Vec<String> = qos.iter().filter(|name| !now.qos.contains(name)).cloned().collect();
                if !missing.is_empty() {
                    let more = format!("QOS+={}", missing.join(","));
                    self.change(&["modify", "user", "where", &where_user, &where_account, &cluster, "set", &more]);
                }
                let more: Vec<&String> = now.qos.iter().filter(|name| !qos.contains(name)).collect();
                // Who may use what only operators may, and is none, would displace others.
                let above: Vec<String> = more
                    .iter()
                    .filter(|name| desired.operators_qos.contains(**name))
                    .map(|name| (*name).clone())
                    .collect();
                if !above.is_empty() {
                    let less = format!("QOS-={}", above.join(","));
                    self.change(&["modify", "user", "where", &where_user, &where_account, &cluster, "set", &less]);
                }
                for name in more.into_iter().filter(|name| !desired.operators_qos.contains(name)) {
                    self.reports.push(format!("{user} in {account} may use QOS {name} by hand: left as it is"));
                }
                for other in &now.others {
                    self.reports.push(format!("{user} in {account} has the limit {other} by hand: left as it is"));
                }
            }
        }
        if is_default && actual.users.get(user).is_some_and(|default| default != account) {
            let default = format!("DefaultAccount={account}");
            self.change(&["modify", "user", "where", &where_user, &cluster, "set", &default]);
        }
    }

    /// Members that are no more lose their association: what they used stays. Accounts and users that the centre never
    /// knew are Slurm's own; so is whoever has an association in one of ours without being a member, said and left.
    fn strangers(
        &mut self,
        desired: &Desired,
        accounts: &BTreeMap<&str, &Association>,
        users: &BTreeMap<(&str, &str), &Association>,
    ) {
        for name in accounts.keys().filter(|name| **name != "root" && !desired.accounts.contains_key(**name)) {
            self.reports.push(format!("account {name} is no open project here: left as it is"));
        }
        for (account, user) in users.keys() {
            let Some(project) = desired.accounts.get(*account) else { continue };
            if !project.members.contains_key(*user) {
                self.reports
                    .push(format!("{user} has an association in {account} and is no member here: left as it is"));
            }
        }
    }

    fn partitions(&mut self, desired: &Desired, actual: &Actual) {
        let of = actual.associations.iter().filter(|one| one.cluster == desired.cluster && !one.partition.is_empty());
        for one in of {
            let (user, account, partition) = (&one.user, &one.account, &one.partition);
            self.reports.push(format!(
                "{user} in {account} has an association of partition {partition} by hand: left as it is"
            ));
        }
    }
}

fn given((name, value): (&str, &String)) -> Option<String> {
    (!value.is_empty()).then(|| format!("{name}={value}"))
}

/// `GrpTRESMins` and `GrpSubmitJobs`; empty: no limit. Slurm counts what was used into `GrpTRESMins`, so that the limit is
/// what was used and what is left.
fn limits(budget: Budget, used: u64) -> (String, String) {
    match budget {
        Budget::Free => (String::new(), String::new()),
        Budget::Minutes(left) => (format!("cpu={}", used.saturating_add(left)), String::new()),
        Budget::Spent => (format!("cpu={used}"), "0".to_owned()),
    }
}

#[cfg(test)]
mod tests;
