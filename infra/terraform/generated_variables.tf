# Declares what `cloudcrew generate` writes to crew.auto.tfvars.json, with exact types, so that Terraform rejects
# definitions that do not fit this module before it plans anything.

variable "definition_hash" {
  description = "Hash of the definitions that everything below was written from."
  type        = string
}

variable "placeholders" {
  description = "Placeholders in the state machines, bound at deployment."
  type        = set(string)
}

variable "container" {
  description = "CPU units and MiB of memory of a phase's container."
  type        = object({ cpu = number, memory = number })
}

variable "workflows" {
  description = "Workflows by name: file of the state machine, hash of the plan, phases in order."
  type = map(object({
    state_machine = string
    plan_hash     = string
    phases        = list(string)
  }))
}

variable "phases" {
  description = "Phases by name, with their limits."
  type = map(object({
    agents                    = list(string)
    entry                     = string
    execution_timeout_seconds = number
    node_timeout_seconds      = number
    task_timeout_seconds      = number
    heartbeat_seconds         = number
    max_deliveries            = number
    max_retries               = number
    max_restarts              = number
    max_reworks               = number
    max_revisions             = number
    review_agent              = optional(string)
    gate                      = bool
    expires_after_seconds     = optional(number)
    approved_on_expiry        = bool
  }))
}

variable "agents" {
  description = "Agents by name: model, tools, and where they may write."
  type = map(object({
    model        = string
    tools        = list(string)
    writes       = list(string)
    token_budget = optional(number)
  }))
}

variable "models" {
  description = "Models by name. A model without a provider is only for rehearsals."
  type = map(object({
    provider   = optional(string)
    id         = optional(string)
    max_tokens = number
  }))
}

variable "model_arns" {
  description = "ARNs of the models that the crew may call."
  type        = list(string)
}

variable "iam_actions" {
  description = "Exactly the IAM actions that each part needs."
  type = object({
    phase_task    = set(string)
    review        = set(string)
    request       = set(string)
    answer        = set(string)
    reminders     = set(string)
    api           = set(string)
    authorize     = set(string)
    websocket     = set(string)
    finalize      = set(string)
    ended         = set(string)
    state_machine = set(string)
  })
}
