//! Who comes, who goes, and who may do what.

pub mod add;
pub mod leave;
pub mod remove;
pub mod set_role;
