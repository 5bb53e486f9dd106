# Settings of a deployment. Set at least `aws_region`, `image`, `budget_alert_email`, `monthly_budget_amount`, and
# `repo_hosts` or `project_repo_url`; see example.tfvars.

variable "name" {
  description = "Prefix of all resource names."
  type        = string
  default     = "cloudcrew"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "`name` must be 2 to 20 lowercase letters, digits or `-` and start with a letter, because bucket names contain it."
  }
}

variable "aws_region" {
  description = "Region of all resources except models."
  type        = string
}

variable "bedrock_region" {
  description = "Region of the models; defaults to `aws_region`."
  type        = string
  default     = null
}

variable "environment" {
  description = "`dev` costs little and can be destroyed completely; `prod` protects its data."
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "`environment` must be `dev` or `prod`."
  }
}

variable "image" {
  description = "The image of the engine, by digest: `REPOSITORY@sha256:...`. The bootstrap makes the repository."
  type        = string

  validation {
    condition     = can(regex("^[^@]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "`image` must include a digest, so that containers and functions run the same image; `make docker-push` writes it."
  }
}

variable "project_repo_url" {
  description = "Repository URL for engagements that do not name one; `{customer}` is replaced by the customer of the request."
  type        = string
  default     = ""
}

variable "repo_hosts" {
  description = "Git hosts whose repositories callers may name."
  type        = list(string)
  default     = []
}

variable "operators_group" {
  description = "Group of the user pool whose members are operators."
  type        = string
  default     = "operators"
}

variable "identity" {
  description = "An OpenID Connect provider that knows the people, instead of a new user pool. It must allow the callback `<dashboard_url>/callback`, or `<api_url>/callback` without a dashboard."
  type = object({
    issuer    = string
    client_id = string
  })
  default = null
}

variable "create_dashboard" {
  description = "Whether to deploy the dashboard. Without it, programs and `cloudcrew --server` use the interface."
  type        = bool
  default     = true
}

variable "dashboard_files" {
  description = "Folder with the built dashboard, relative to the working directory of Terraform."
  type        = string
  default     = "../../dashboard/dist"
}

variable "login_callback_urls" {
  description = "URLs to which browsers may return after a login, besides that of the deployment: a `cloudcrew serve` that uses the same people."
  type        = list(string)
  default     = []
}

variable "notify_file" {
  description = "JSON file that says who is notified of what, as for `cloudcrew serve --notify`. Without it, nobody is."
  type        = string
  default     = null
}

variable "egress" {
  description = "How phases reach the internet: `public_ip`, `nat`, or `none` when the Git host is inside the network. Defaults to `public_ip` in `dev` and `nat` in `prod`."
  type        = string
  default     = null

  validation {
    condition     = var.egress == null || contains(["public_ip", "nat", "none"], coalesce(var.egress, "nat"))
    error_message = "`egress` must be `public_ip`, `nat` or `none`."
  }
}

variable "spot" {
  description = "Whether phases run on Spot capacity. An interrupted phase continues at the same step. Defaults to `true` in `dev`."
  type        = bool
  default     = null
}

variable "vpc_cidr" {
  description = "CIDR block of the new network."
  type        = string
  default     = "10.42.0.0/16"
}

variable "zones" {
  description = "Letters of the two availability zones of the network."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) == 2
    error_message = "`zones` must be two letters, such as `[\"a\", \"c\"]`."
  }
}

variable "network" {
  description = "A network that exists, instead of a new one: its subnets must reach the services of AWS."
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
  default = null
}

variable "create_alarms" {
  description = "Whether to make alarms, the topic that sends them, and a dashboard of metrics."
  type        = bool
  default     = true
}

variable "create_budget" {
  description = "Whether to make a budget for the account."
  type        = bool
  default     = true
}

variable "requests_per_second" {
  description = "Limit of the HTTP interface. Each request uses two concurrent executions of Lambda for a moment."
  type        = number
  default     = 20
}

variable "budget_alert_email" {
  description = "Email address for alarms and budget alerts."
  type        = string
}

variable "monthly_budget_amount" {
  description = "Monthly budget in US dollars. `budget_alert_email` is notified at 80 and 100 percent."
  type        = number
}

variable "log_retention_days" {
  description = "Days to keep logs."
  type        = number
  default     = 400
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary for every role."
  type        = string
  default     = null
}

variable "tags" {
  description = "Additional tags for all resources."
  type        = map(string)
  default     = {}
}
