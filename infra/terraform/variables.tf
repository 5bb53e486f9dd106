# What the state machines are bound to. It is made elsewhere.

variable "name" {
  description = "First word of all names."
  type        = string
  default     = "cloudcrew"
}

variable "bindings" {
  description = "Values of the placeholders that the state machines leave."
  type = object({
    cluster_arn           = string
    task_definition_arn   = string
    subnet_ids            = list(string)
    security_group_id     = string
    review_function_arn   = string
    request_function_arn  = string
    finalize_function_arn = string
    ended_function_arn    = string
  })
}

variable "task_role_arns" {
  description = "Roles of the phase's container, which are passed to it: its own and the one that starts it."
  type        = list(string)
}

variable "log_retention_days" {
  description = "How long errors of executions are kept."
  type        = number
  default     = 90
}
