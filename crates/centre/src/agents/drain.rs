//! A machine that is not well takes no more jobs, where the operator wants it so: it is drained in Slurm, with the reason,
//! and given back when it is well. What a person drained stays drained. Must not know how Slurm is asked.

use drivers::local::protocol::MachineDeed;
use model::{Span, Time};
use node::health::{Finding, State};

use crate::core::Centre;

/// What stands before our reasons in Slurm: by it we know what was ours.
const OURS: &str = "algoric: ";
/// Slurm is looked at every half a minute: an order is not given again before.
const PAUSE: Span = Span::seconds(75);

/// The last order about a machine.
#[derive(Default)]
pub(super) struct Order {
    at: Option<Time>,
}

/// What is to be done with a machine whose state in Slurm is drained for this reason, or not at all.
fn wanted(health: &[Finding], drained: Option<&str>) -> Option<MachineDeed> {
    let bad: Vec<&Finding> = health.iter().filter(|one| one.state == State::Bad).collect();
    match (bad.first(), drained) {
        (Some(first), None) => Some(MachineDeed::Drain { reason: format!("{OURS}{}: {}", first.name, first.text) }),
        (None, Some(reason)) if reason.starts_with(OURS) && !health.is_empty() => Some(MachineDeed::Resume),
        _ => None,
    }
}

impl Centre {
    /// Looks whether any machine should be drained, or given back.
    pub(crate) fn drain_as_needed(&mut self) {
        let now = self.now;
        let Some(cluster) = self.cluster.as_ref().filter(|_| self.file.nodes.drain) else { return };
        let mut due = Vec::new();
        for agent in self.agents.all.values_mut().filter(|agent| agent.key.is_some()) {
            let is_busy = agent.drain.at.is_some_and(|at| (now - at).0.abs() < PAUSE.0);
            // Of one that is silent nothing is known.
            if is_busy || agent.is_silent(now) {
                continue;
            }
            let Some((states, reason)) = cluster.state_of(&agent.name) else { continue };
            let drained = states.iter().any(|state| state == "DRAIN").then_some(reason.unwrap_or_default());
            if let Some(deed) = wanted(&agent.health, drained.as_deref()) {
                agent.drain.at = Some(now);
                due.push((agent.name.to_string(), deed));
            }
        }
        for (machine, deed) in due {
            self.have_slurm(vec![machine], deed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_drained_stays_drained() {
        let finding = |state| Finding { name: "cpus".to_owned(), state, text: "3 of 4".to_owned() };
        let (bad, good) = ([finding(State::Bad)], [finding(State::Good), finding(State::Unknown)]);
        assert_eq!(wanted(&bad, None), Some(MachineDeed::Drain { reason: "algoric: cpus: 3 of 4".to_owned() }));
        assert_eq!(wanted(&bad, Some("algoric: memory: 2 of 4")), None);
        assert_eq!(wanted(&bad, Some("new disk, says Ada")), None);
        assert_eq!(wanted(&good, Some("new disk, says Ada")), None);
        assert_eq!(wanted(&good, Some("algoric: cpus: 3 of 4 [root@2026-11-23]")), Some(MachineDeed::Resume));
        assert_eq!(wanted(&good, None), None);
        // It has not said anything yet.
        assert_eq!(wanted(&[], Some("algoric: cpus: 3 of 4")), None);
    }
}
