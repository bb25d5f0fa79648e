//! What the centre has Slurm do with machines: through the launcher, as Slurm lets only its administrators do that. Must
//! not know why.

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

impl Centre {
    /// Has Slurm do it. What Slurm says against it goes to the log.
    pub(crate) fn have_slurm(&mut self, machines: Vec<String>, deed: MachineDeed) {
        let what = words(&machines, &deed);
        let Some(cluster) = &mut self.cluster else { return };
        complain!("{what}");
        cluster.last_order += 1;
        let number = cluster.last_order;
        cluster.doing.insert(number, Doing::Machines(what));
        self.order(&Order::Machine { number, machines, deed });
    }
}
