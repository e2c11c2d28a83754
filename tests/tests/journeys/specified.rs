//! Every operation and every frame of the specifications, asked by everybody, and with every constraint broken in turn.

#[path = "specified/bad_input.rs"]
mod bad_input;
#[path = "specified/calls.rs"]
mod calls;
#[path = "specified/matrix.rs"]
mod matrix;
#[path = "specified/scene.rs"]
mod scene;
