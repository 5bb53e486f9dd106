//! Black-box tests of the binary, area by area.

mod bad_input;
mod cases;
mod crash;
mod customer;
mod cuts;
mod durable;
mod editor;
mod generated;
mod late;
mod lead;
mod lifecycle;
mod races;
mod scopes;
mod support;
mod turns;
