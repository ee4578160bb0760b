//! The program as its users meet it: whole outputs, exit codes, and what is on the disk afterwards.

mod support;

mod bad_input;
mod commands;
mod faults;
mod pipeline;
