//! All that touches a machine. Must not know SQL, our HTTP, nor who decides.

pub mod local;
pub mod meters;
pub mod node;
pub mod power;
pub mod remote;
pub mod slurm;
