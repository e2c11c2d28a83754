//! The edge: how calls come in.
