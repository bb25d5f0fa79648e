//! `sacctmgr -P`: the association tree, users and QOS as they are. Must not know what they should be.

/// The columns of `sacctmgr -P -n show assoc`.
pub const ASSOC: &str = "Cluster,Account,ParentName,User,Partition,Share,GrpTRESMins,GrpTRES,GrpJobs,GrpSubmit,MaxJobs,MaxSubmit,MaxTRES,QOS,DefaultQOS";
/// The columns of `sacctmgr -P -n show qos`.
pub const QOS: &str = "Name,Priority,Preempt,PreemptMode,GrpTRES,MaxTRESPU,MaxJobsPU,MaxWall,UsageFactor";
/// The columns of `sacctmgr -P -n show user`.
pub const USERS: &str = "User,DefaultAccount,Admin";

/// A node of the tree: an account, or a user in one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Association {
    /// Of which cluster.
    pub cluster: String,
    /// Account.
    pub account: String,
    /// The account above it; of accounts only.
    pub parent: String,
    /// User; empty: the account itself.
    pub user: String,
    /// Partition; empty: all.
    pub partition: String,
    /// Shares.
    pub shares: String,
    /// `cpu=1000`; empty: no limit.
    pub minutes: String,
    /// `GrpSubmit`; empty: no limit.
    pub submit: String,
    /// Every other limit that somebody set, as `Name=Value`.
    pub others: Vec<String>,
    /// QOS that may be used.
    pub qos: Vec<String>,
    /// QOS of who asks for none.
    pub default_qos: String,
}

/// A quality of service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Qos {
    /// Name.
    pub name: String,
    /// Priority.
    pub priority: u32,
    /// QOS whose jobs its jobs may displace.
    pub preempts: Vec<String>,
    /// How its own jobs are displaced.
    pub preempt_mode: String,
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.is_empty()).map(|line| line.split('|').collect())
}

fn list(text: &str) -> Vec<String> {
    let mut list: Vec<String> = text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    list.sort_unstable();
    list
}

/// `sacctmgr -P -n show assoc format=`[`ASSOC`].
pub fn associations(text: &str) -> Vec<Association> {
    let names = ["GrpTRES", "GrpJobs", "", "MaxJobs", "MaxSubmit", "MaxTRES"];
    let one = |row: Vec<&str>| {
        let [cluster, account, parent, user, partition, shares, minutes, rest @ ..] = row.as_slice() else {
            return None;
        };
        let [_, _, submit, _, _, _, qos, default_qos, ..] = rest else { return None };
        let set = names.iter().zip(rest).filter(|(name, value)| !name.is_empty() && !value.is_empty());
        Some(Association {
            cluster: (*cluster).to_owned(),
            account: (*account).to_owned(),
            parent: (*parent).to_owned(),
            user: (*user).to_owned(),
            partition: (*partition).to_owned(),
            shares: (*shares).to_owned(),
            minutes: (*minutes).to_owned(),
            submit: (*submit).to_owned(),
            others: set.map(|(name, value)| format!("{name}={value}")).collect(),
            qos: list(qos),
            default_qos: (*default_qos).to_owned(),
        })
    };
    rows(text).filter_map(one).collect()
}

/// `sacctmgr -P -n show qos format=`[`QOS`].
pub fn qos(text: &str) -> Vec<Qos> {
    let one = |row: Vec<&str>| {
        let [name, priority, preempts, mode, ..] = row.as_slice() else { return None };
        let (priority, mode) = (priority.parse().unwrap_or(0), (*mode).to_owned());
        Some(Qos { name: (*name).to_owned(), priority, preempts: list(preempts), preempt_mode: mode })
    };
    rows(text).filter_map(one).collect()
}

/// `sacctmgr -P -n show user format=`[`USERS`]: login name, default account.
pub fn users(text: &str) -> Vec<(String, String)> {
    rows(text).filter_map(|row| Some(((*row.first()?).to_owned(), (*row.get(1)?).to_owned()))).collect()
}

/// `sshare -a -P -h -o Account,User,GrpTRESRaw`: CPU-minutes that accounts have used, as their limits count them.
pub fn used_minutes(text: &str) -> Vec<(String, u64)> {
    let one = |row: Vec<&str>| {
        let [account, user, used, ..] = row.as_slice() else { return None };
        let minutes = super::values::tres(used, "cpu")?.parse().ok()?;
        user.trim().is_empty().then(|| (account.trim().to_owned(), minutes))
    };
    rows(text).filter_map(one).collect()
}
