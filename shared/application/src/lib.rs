//! The application: what a user can do.
