//! What the centre has Slurm do with machines: through the launcher, as Slurm lets only its administrators do that. Must
//! not know why.

use std::{ffi::OsStr, path::Path};

use drivers::local::protocol::{MachineDeed, Order};

use super::orders::Doing;
use crate::{complain::complain, core::Centre};

/// What is done, for who reads the log.
fn words(machines: &[String], deed: &MachineDeed) -> String {
    let machines = machines.join(",");
    match deed {
        MachineDeed::Drain { reason } => format!("machine {machines} takes no more jobs ({reason})"),
        MachineDeed::Resume => format!("machine {machines} takes jobs again"),
        MachineDeed::Wake => format!("machine {machines} is woken"),
        MachineDeed::Sleep => format!("machine {machines} is sent to sleep"),
    }
}

/// The launcher speaks to the cluster of its own environment, and is not told of another: it is root, and whoever names a
/// configuration names programs. Where the centre means another cluster, nothing is done to the wrong one.
fn is_the_launchers(conf: Option<&Path>, own: Option<&OsStr>) -> bool {
    conf.is_none_or(|conf| Some(conf.as_os_str()) == own)
}

impl Centre {
    /// Has Slurm do it. What Slurm says against it goes to the log.
    pub(crate) fn have_slurm(&mut self, machines: Vec<String>, deed: MachineDeed) {
        let what = words(&machines, &deed);
        let Some(cluster) = &mut self.cluster else { return };
        let conf = cluster.slurm.conf.as_deref();
        if !is_the_launchers(conf, std::env::var_os("SLURM_CONF").as_deref()) {
            let conf = conf.unwrap_or(Path::new("")).display();
            return complain!("{what}: not done. Start `algoric up` with SLURM_CONF={conf} in its environment");
        }
        complain!("{what}");
        cluster.last_order += 1;
        let number = cluster.last_order;
        cluster.doing.insert(number, Doing::Machines(what));
        self.order(&Order::Machine { number, machines, deed });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_cluster_is_left_alone() {
        let (one, other) = (Some(Path::new("/etc/one.conf")), OsStr::new("/etc/other.conf"));
        assert!(is_the_launchers(None, None) && is_the_launchers(None, Some(other)));
        assert!(is_the_launchers(one, Some(OsStr::new("/etc/one.conf"))));
        assert!(!is_the_launchers(one, None) && !is_the_launchers(one, Some(other)));
    }
}
