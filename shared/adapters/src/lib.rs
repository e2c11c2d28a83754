//! The adapters: how ports are kept.
