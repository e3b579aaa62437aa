//! Build, serve and test Kinora with one command each.
fn main() {}
