//! The tree of accounts that a cluster begins with, as orders for `sacctmgr`. What becomes of members and budgets later is
//! not its business.

use std::fmt::Write as _;

use crate::Park;
use crate::park::SERVICE;

/// QOS that every centre has: name and what `sacctmgr` sets. `normal` is there from the beginning.
const QOS: [(&str, &str); 3] =
    [("normal", "Priority=500"), ("low", "Priority=0 PreemptMode=requeue"), ("urgent", "Priority=1000 Preempt=low")];

/// POSIX sh: two functions, `tree_is_there` and `make_tree`, each doing nothing about what is there already. Names were
/// checked when the park was read: they need no quotes.
pub fn tree(park: &Park) -> String {
    let cluster = &park.cluster.name;
    let mut there = format!("    has cluster {cluster} || return 1\n");
    let mut make = format!("    has cluster {cluster} || sacctmgr -i add cluster {cluster} || return 1\n");
    // Writing to a text cannot fail.
    for (name, set) in QOS {
        let _infallible = writeln!(there, "    has qos {name} || return 1");
        let _infallible = writeln!(make, "    has qos {name} || sacctmgr -i add qos {name} || return 1");
        let _infallible = writeln!(make, "    sacctmgr -i modify qos {name} set {set} >/dev/null || return 1");
    }
    let priorities = QOS.map(|(name, set)| format!("{name}|{}", set.split(['=', ' ']).nth(1).unwrap_or_default()));
    for line in priorities {
        let _infallible =
            writeln!(there, "    sacctmgr -nP show qos format=name,priority | grep -qx '{line}' || return 1");
    }
    // Who takes in everybody's jobs must be shown them, which `PrivateData` keeps from all others.
    let user = park.centre.user.as_deref().unwrap_or(SERVICE);
    let level = format!("sacctmgr -nP show user where name={user} format=user,admin | grep -qE '^{user}.(Op|Adm)'");
    let _infallible = writeln!(there, "    {level} || return 1");
    let _infallible = writeln!(
        make,
        "    {level} || sacctmgr -i add user {user} account=root adminlevel=operator ||\n        \
         sacctmgr -i modify user {user} set adminlevel=operator || return 1"
    );
    for project in &park.project {
        let (name, share) = (&project.name, project.share);
        let of = format!("where account={name} cluster={cluster} user=");
        let _infallible = writeln!(there, "    has account {name} || return 1");
        let _infallible = writeln!(
            make,
            "    has account {name} || sacctmgr -i add account {name} cluster={cluster} fairshare={share} \
             qos=normal,low defaultqos=normal || return 1"
        );
        for member in &project.members {
            let is_there = format!("sacctmgr -nP show associations {of}{member} format=user | grep -qx {member}");
            let _infallible = writeln!(there, "    {is_there} || return 1");
            let _infallible = writeln!(
                make,
                "    {is_there} || sacctmgr -i add user {member} account={name} cluster={cluster} || return 1"
            );
        }
    }
    format!(
        "# The tree of accounts that the cluster begins with.\n\
         has() {{\n    case $1 in qos) column=name ;; *) column=$1 ;; esac\n    \
         sacctmgr -nP show \"$1\" format=\"$column\" | grep -qx \"$2\"\n}}\n\
         tree_is_there() {{\n{there}}}\nmake_tree() {{\n{make}}}\n"
    )
}
