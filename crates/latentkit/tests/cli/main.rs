//! The program as its users meet it: whole outputs, exit codes, and what is on the disk afterwards.

mod support;

mod bad_input;
mod clean;
mod commands;
mod compare;
mod conventions;
mod faults;
mod interruptions;
mod json;
mod pipeline;
mod sweep;
mod trace;
mod verify;
mod without_libtorch;
