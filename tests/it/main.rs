//! Black-box tests of the binary, area by area.

mod agreement;
mod bad_input;
mod begin;
mod budgets;
mod cases;
mod crash;
mod customer;
mod cuts;
mod durable;
mod editor;
mod fixes;
mod generated;
mod hostile;
mod late;
mod lead;
mod lifecycle;
mod links;
mod live;
mod machine;
mod mutations;
mod planned;
mod races;
mod scopes;
mod suite;
mod support;
mod turns;
