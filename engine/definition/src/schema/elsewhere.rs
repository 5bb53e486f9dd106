//! Keys that other systems have, and what to write here instead.

/// What to do instead of a key that other systems have; `None` for any other key.
pub(super) fn instead_of(key: &str) -> Option<&'static str> {
    let answer = match key {
        "if" | "when" | "unless" | "condition" | "conditions" => {
            "YAML has no conditions here: write another workflow, or `{% if inputs.NAME %}` in a \
             prompt"
        }
        "parallel" | "matrix" | "strategy" | "concurrency" | "fan_out" => {
            "nothing runs in parallel: the agents of a swarm take turns, and phases run in order"
        }
        "depends_on" | "needs" | "after" | "next" | "goto" | "transitions" | "edges" => {
            "phases run in the order of `phases` in the workflow; reviews, gates and their limits \
             decide what runs again"
        }
        "loop" | "for_each" | "foreach" | "while" | "repeat" => {
            "use `review.max_reworks`, `deliver.max_attempts` or `gate.max_revisions`"
        }
        "schedule" | "cron" | "trigger" | "triggers" | "on" => {
            "have your scheduler call `cloudcrew run`, or `POST /projects` of the service"
        }
        "steps" | "tasks" | "jobs" | "stages" | "nodes" => {
            "a workflow lists `phases`; each is a file in `phases/` with its `task`"
        }
        "<<" | "extends" | "include" | "imports" | "inherits" => {
            "what phases share belongs in `defaults` of agents.yaml"
        }
        "env" | "variables" | "vars" | "parameters" | "params" | "secrets" => {
            "a workflow asks for `inputs`; keep secrets in the environment and name the variable, \
             as `key_env` of a model does"
        }
        "llm" | "model_name" | "model_id" | "engine" => {
            "an agent's `model` names one of the `models` in agents.yaml"
        }
        "goal" | "backstory" | "role" | "instructions" | "instruction" | "system_prompt" => {
            "it belongs in the Markdown file that `prompt` names"
        }
        "output" | "outputs" | "expected_output" => {
            "list the files that a phase must produce in its `deliverables`"
        }
        "entry" | "agents" | "members" => "each phase names its own agents, in its `swarm`",
        "name" | "id" | "title" => {
            "a phase gives its name in `phase`, a workflow in `workflow`; the name of an entry is \
             its key"
        }
        "timeout" => "the limits are `swarm.execution_timeout` and `swarm.node_timeout`",
        "on_failure" | "on_error" | "fallback" => {
            "`retry` starts a new swarm after a failure; `deliver` sends incomplete deliverables \
             back"
        }
        "approval" | "human_input" | "approve" | "manual" => {
            "a phase waits for people at its `gate`"
        }
        _ => return None,
    };
    Some(answer)
}
