# What an operator chooses. Only `aws_region`, `image`, `repo_host` or `project_repo_url`, and the budget have no default
# that fits everyone; see example.tfvars.

variable "name" {
  description = "First word of all names."
  type        = string
  default     = "cloudcrew"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "`name` is 2 to 20 lowercase letters, digits or `-`, and begins with a letter: names of buckets contain it."
  }
}

variable "aws_region" {
  description = "Region of everything but models."
  type        = string
}

variable "bedrock_region" {
  description = "Region of the models; defaults to `aws_region`."
  type        = string
  default     = null
}

variable "environment" {
  description = "`dev` costs little and leaves nothing behind when it is destroyed; `prod` protects its data."
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "`environment` is `dev` or `prod`."
  }
}

variable "image" {
  description = "The image of the engine, by digest: `REPOSITORY@sha256:...`. The bootstrap makes the repository."
  type        = string

  validation {
    condition     = can(regex("^[^@]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "`image` names a digest, so that containers and functions run the same bytes: `make docker-push` writes it."
  }
}

variable "project_repo_url" {
  description = "Repository of engagements that name none; `{customer}` is replaced by the customer of the request."
  type        = string
  default     = ""
}

variable "repo_hosts" {
  description = "Git hosts whose repositories callers may name."
  type        = list(string)
  default     = []
}

variable "operators_group" {
  description = "Group of the user pool whose members may do everything."
  type        = string
  default     = "operators"
}

variable "login_callback_urls" {
  description = "Where a browser may return to after a login, beside nothing."
  type        = list(string)
  default     = ["http://localhost:8400/callback"]
}

variable "egress" {
  description = "How phases reach the Git host and webhooks: `public_ip`, `nat`, or `none` when the Git host is inside the VPC. Defaults to `public_ip` in `dev` and `nat` in `prod`."
  type        = string
  default     = null

  validation {
    condition     = var.egress == null || contains(["public_ip", "nat", "none"], coalesce(var.egress, "nat"))
    error_message = "`egress` is `public_ip`, `nat` or `none`."
  }
}

variable "spot" {
  description = "Whether phases run on spare capacity, which may be taken away: a phase continues at the same step. Defaults to `true` in `dev`."
  type        = bool
  default     = null
}

variable "vpc_cidr" {
  description = "Addresses of the network."
  type        = string
  default     = "10.42.0.0/16"
}

variable "zones" {
  description = "Letters of the two availability zones of the network."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) == 2
    error_message = "`zones` are two letters, such as `[\"a\", \"c\"]`."
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

variable "budget_alert_email" {
  description = "Who hears of alarms, and of money."
  type        = string
}

variable "monthly_budget_amount" {
  description = "Money per month, in US dollars, of which the address above is told at 80 and 100 percent."
  type        = number
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 400
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds every role."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
