//! The protocol: what is said on the wire.
