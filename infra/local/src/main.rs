//! The program `parlance`: the local cloud and its small tools.

fn main() {}
