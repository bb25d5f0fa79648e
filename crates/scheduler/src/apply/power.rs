//! Nodes come up and go off.

use model::Time;

use crate::power::Step;
use crate::refusal::Impossible;
use crate::state::State;

impl State {
    pub(super) fn step(&mut self, at: Time, node: &str, step: Step) -> Result<(), Impossible> {
        let topology = &self.rules.topology;
        let position = self.nodes.fold(node, &step, at, topology)?;
        self.floor.switch(topology, position, self.nodes.is_on(position));
        Ok(())
    }

    /// A run has a place on these nodes: whatever was known of them, they are on.
    pub(super) fn enter_nodes(&mut self, at: Time, cores: &[u32], gpus: &[usize]) {
        let topology = &self.rules.topology;
        for dark in self.nodes.enter(&topology.nodes_of(cores, gpus), at) {
            self.floor.switch(topology, dark, true);
        }
    }
}
