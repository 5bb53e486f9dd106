//! Keys that other systems have, and what to write here instead.

/// What to do instead of a key that other systems have; `None` for any other key.
pub(super) fn instead_of(key: &str) -> Option<&'static str> {
    let answer = match key {
        "if" | "when" | "unless" | "condition" | "conditions" => {
            "YAML has no conditions here: write another workflow, or `{% if inputs.NAME %}` in a \
             prompt"
        }
        "parallel" | "matrix" | "strategy" | "concurrency" | "fan_out" => {
            "phases follow each other: agents that work on one thing are members of one `swarm`"
        }
        "depends_on" | "needs" | "after" | "next" | "goto" | "transitions" | "edges" => {
            "the order is that of `phases` in the workflow; a review, a gate and their limits \
             decide what is done again"
        }
        "loop" | "for_each" | "foreach" | "while" | "repeat" => {
            "use `review.max_reworks`, `deliver.max_attempts` or `gate.max_revisions`"
        }
        "schedule" | "cron" | "trigger" | "triggers" | "on" => {
            "a scheduler of yours calls `cloudcrew run`, or `POST /projects` of the service"
        }
        "steps" | "tasks" | "jobs" | "stages" | "nodes" => {
            "a workflow lists `phases`; each is a file in `phases/` with its `task`"
        }
        "<<" | "extends" | "include" | "imports" | "inherits" => {
            "what phases share belongs in `defaults` of agents.yaml"
        }
        "env" | "variables" | "vars" | "parameters" | "params" | "secrets" => {
            "a workflow asks for `inputs`; secrets stay in the environment, such as `key_env` of a \
             model"
        }
        "goal" | "backstory" | "role" | "instructions" | "system_prompt" => {
            "it belongs in the Markdown file that `prompt` names"
        }
        "output" | "outputs" | "expected_output" => {
            "what a phase owes are its `deliverables`, files in the repository"
        }
        "entry" | "agents" | "members" => "each phase names its own agents, in its `swarm`",
        "name" | "id" | "title" => "a file is named by its file name, an entry by its key",
        "timeout" => "the limits are `swarm.execution_timeout` and `swarm.node_timeout`",
        "on_failure" | "on_error" | "fallback" => {
            "a failed swarm starts anew by `retry`; what is incomplete is sent back by `deliver`"
        }
        "approval" | "human_input" | "approve" | "manual" => {
            "a phase waits for people at its `gate`"
        }
        _ => return None,
    };
    Some(answer)
}
