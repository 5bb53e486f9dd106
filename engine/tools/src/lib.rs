//! The tools that agents call, one per file. Each is a function of its arguments and a
//! [`Workplace`].
//!
//! Tools know nothing about engagements, swarms or journals. A [`Toolbox`] holds the built-in tools
//! and any that a server adds at run time.

mod answer_remark;
mod aside;
mod ask_customer;
mod aws_provider_docs;
mod aws_service_lookup;
mod board_write;
mod contribute_pattern;
mod design_pipeline;
mod design_schema;
mod estimate_cost;
mod format_customer_update;
mod generate_diagram;
mod knowledge_search;
mod ledger_read;
mod ledger_settle;
mod ledger_write;
mod manifests;
mod outcome;
mod parse_sow;
mod phase_summary;
mod prices;
mod programs;
mod promote_pattern;
mod remember;
mod repo_delete;
mod repo_diff;
mod repo_edit;
mod repo_history;
mod repo_list;
mod repo_move;
mod repo_read;
mod repo_search;
mod repo_write;
mod report;
mod results;
mod review_iam_policy;
mod review_verdict;
mod run_command;
mod scan_code;
mod scan_dependencies;
mod scan_infrastructure;
mod scan_secrets;
mod score_deliverable;
mod search_memory;
mod search_patterns;
mod secrets;
mod server_tool;
mod terraform;
mod terraform_fmt;
mod terraform_plan;
mod terraform_validate;
mod tool;
mod toolbox;
mod units;
mod use_pattern;
mod validate_asl;
mod validate_sql;
mod weaknesses;
mod workplace;
mod write_adr;
mod write_security_review;

pub use answer_remark::ANSWER_REMARK;
pub use outcome::{
    AnswerForm, CallQuestion, DeliverableScore, Done, Finding, ItemChange, ItemState, Outcome,
    Part, PatternAct, Recollection, RemarkAnswer, RemarkOutcome, Settled, Settlement, ToolError,
    Verdict, WorkItem,
};
pub use prices::unit_price;
pub use search_memory::line as recalled_line;
pub use tool::{MAX_RESULT, MAX_SHOWN, MAX_WRITE, Tool, TypedTool};
pub use toolbox::{Registered, Toolbox};
pub use units::units;
pub use workplace::{
    Broken, FileInfo, FileVersion, Kept, NewMemory, Offered, Origin, Recall, Recalled, Revision,
    Task, Workplace, Writable,
};
