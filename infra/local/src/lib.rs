//! The local cloud: reads template.yaml and runs the system that it describes, whole, on this machine.

pub mod lambda;
