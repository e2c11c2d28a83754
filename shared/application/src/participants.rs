//! Who comes, who goes, and who may do what.

pub mod add;
pub mod departure;
pub mod leave;
pub mod list;
pub mod remove;
pub mod set_role;
pub mod succession;
