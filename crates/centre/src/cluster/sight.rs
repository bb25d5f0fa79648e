//! Whether Slurm shows somebody everybody's jobs. One who sees less is shown fewer jobs and no error, so that an accounting
//! read by them would lose jobs silently. Must not know what is read.

use dialect::cluster::nodes;
use drivers::slurm::{Slurm, SlurmError};

/// What Slurm keeps from a user: what it says of that, and the command that makes the user an operator of the cluster.
/// `None`: nothing that the centre needs.
///
/// # Errors
/// Slurm does not answer.
pub fn hidden(slurm: &Slurm, user: &str) -> Result<Option<(String, String)>, SlurmError> {
    let ask = |program: &str, words: &[&str]| {
        let said = slurm.ask(program, words, &[])?;
        Ok::<_, SlurmError>(String::from_utf8_lossy(&said).into_owned())
    };
    // Either of them hides: slurmctld its queue, slurmdbd its accounting.
    let config = ask("scontrol", &["show", "config"])?;
    let accounting = ask("sacctmgr", &["-P", "-n", "show", "configuration"])?;
    let (keeper, private) = match (kept(&config), kept(&accounting)) {
        (None, None) => return Ok(None),
        (Some(private), _) => ("slurm.conf", private),
        (None, Some(private)) => ("slurmdbd.conf", private),
    };
    let name = format!("name={user}");
    let row = ask("sacctmgr", &["-P", "-n", "show", "user", "where", &name, "format=User,AdminLevel"])?;
    if sees_all(&config, &row, user) {
        return Ok(None);
    }
    let mend = if row.trim().is_empty() {
        format!("sacctmgr -i add user {user} account=root adminlevel=operator")
    } else {
        format!("sacctmgr -i modify user {user} set adminlevel=operator")
    };
    Ok(Some((format!("PrivateData={private} in {keeper}, and {user} is no operator of the cluster"), mend)))
}

/// `PrivateData`, where it hides jobs.
fn kept(config: &str) -> Option<&str> {
    nodes::setting(config, "PrivateData")
        .filter(|what| what.split(',').any(|one| ["jobs", "all"].contains(&one.trim())))
}

/// Whether a user sees everything all the same: as who Slurm runs as, or by a level of `sacctmgr`'s row (`USER|LEVEL`).
fn sees_all(config: &str, row: &str, user: &str) -> bool {
    let slurms = nodes::setting(config, "SlurmUser").and_then(|text| text.split('(').next());
    let level =
        row.lines().find_map(|line| line.split_once('|').filter(|(name, _)| *name == user)).map(|(_, level)| level);
    user == "root"
        || slurms == Some(user)
        || level.is_some_and(|level| ["Operator", "Administrator"].contains(&level.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // As Slurm 22.05.8 printed them.
    const CONFIG: &str = "PrivateData             = jobs,usage\nSlurmUser               = slurm(64030)\n";
    const OPEN: &str = "PrivateData             = none\nSlurmUser               = slurm(64030)\n";

    #[test]
    fn who_sees_everything() {
        let check =
            |row: &str, user: &str, expected: bool| assert_eq!(sees_all(CONFIG, row, user), expected, "{user}: {row}");
        check("nobody|Operator\n", "nobody", true);
        check("nobody|Administrator\n", "nobody", true);
        check("nobody|None\n", "nobody", false);
        check("alice|Operator\n", "nobody", false);
        check("", "nobody", false);
        check("", "slurm", true);
        check("", "root", true);
        assert_eq!(kept(CONFIG), Some("jobs,usage"));
        assert_eq!(
            (kept(OPEN), kept("PrivateData = usage,users"), kept("PrivateData = all")),
            (None, None, Some("all"))
        );
    }
}
