//! Default values of optional keys. The schemas document them, and the definition is built with
//! them.

use std::time::Duration;

use super::{AtLimit, GateKind, HandoffMode, InputType, OnExpiry};

/// `servers.NAME.timeout`
pub const SERVER_TIMEOUT: Duration = Duration::from_secs(60);
/// `swarm.max_handoffs`
pub const MAX_HANDOFFS: u32 = 20;
/// `swarm.max_iterations`
pub const MAX_ITERATIONS: u32 = 20;
/// `swarm.max_turns`
pub const MAX_TURNS: u32 = 100;
/// `swarm.execution_timeout`
pub const EXECUTION_TIMEOUT: Duration = Duration::from_secs(900);
/// `swarm.node_timeout`
pub const NODE_TIMEOUT: Duration = Duration::from_secs(300);
/// `swarm.repetitive_handoff_detection_window`
pub const REPETITIVE_HANDOFF_DETECTION_WINDOW: u32 = 0;
/// `swarm.repetitive_handoff_min_unique_agents`
pub const REPETITIVE_HANDOFF_MIN_UNIQUE_AGENTS: u32 = 0;
/// `swarm.handoff`
pub const HANDOFF: HandoffMode = HandoffMode::Immediate;
/// `swarm.retry.max_attempts`
pub const PROVIDER_MAX_ATTEMPTS: u32 = 6;
/// `swarm.retry.initial_delay`
pub const PROVIDER_INITIAL_DELAY: Duration = Duration::from_secs(2);
/// `swarm.retry.max_delay`
pub const PROVIDER_MAX_DELAY: Duration = Duration::from_secs(60);
/// `review.max_reworks`
pub const MAX_REWORKS: u32 = 1;
/// `inputs.*.type`
pub const INPUT_TYPE: InputType = InputType::Text;
/// `gate.kind`
pub const GATE_KIND: GateKind = GateKind::Approval;
/// `gate.max_revisions`
pub const MAX_REVISIONS: u32 = 3;
/// `gate.on_expiry`
pub const ON_EXPIRY: OnExpiry = OnExpiry::Stop;
/// `gate.approvers.quorum`
pub const QUORUM: u32 = 1;
/// `gate.approvers.not_own`
pub const NOT_OWN: bool = false;
/// `recall.lessons`, `recall.preferences` and `recall.summaries`
pub const RECALL: u32 = 0;
/// `recall.tokens`
pub const RECALL_TOKENS: u32 = 1500;
/// `patterns.hold_out`
pub const HOLD_OUT: u32 = 0;
/// `retry.timeout_factor`
pub const TIMEOUT_FACTOR: f64 = 1.0;
/// `retry.max_attempts`
pub const MAX_RETRIES: u32 = 0;
/// `deliver.max_attempts`
pub const MAX_DELIVERIES: u32 = 1;
/// `restart.max_attempts`
pub const MAX_RESTARTS: u32 = 10;
/// `times` of a rehearsal entry
pub const TIMES: u32 = 1;
/// `at_limit` of a budget
pub const AT_LIMIT: AtLimit = AtLimit::Stop;
/// `models.*.streaming`
pub const STREAMING: bool = true;
/// `models.*.silence_timeout` of `bedrock`, which streams and is always running.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// `models.*.silence_timeout` of `openai`: a self-hosted server may have to load the model and read
/// a long prompt before it sends anything.
pub const SILENCE_TIMEOUT_OPENAI: Duration = Duration::from_secs(240);
/// `models.*.context.trim_at`
pub const TRIM_AT: f64 = 0.8;
/// `models.*.context.trim_to`
pub const TRIM_TO: f64 = 0.5;
