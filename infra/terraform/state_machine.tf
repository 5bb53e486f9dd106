# One state machine for each workflow, as `cloudcrew generate` wrote it, with its names bound.

locals {
  # The machine splits the list again.
  bindings = merge(var.bindings, { subnet_ids = join(",", var.bindings.subnet_ids) })

  # What the role may do, service by service: each has its own resources.
  actions = {
    for service in toset([for action in var.iam_actions.state_machine : split(":", action)[0]]) :
    service => sort([for action in var.iam_actions.state_machine : action if startswith(action, "${service}:")])
  }
}

resource "aws_sfn_state_machine" "workflow" {
  for_each   = var.workflows
  name       = "${var.name}-${each.key}"
  role_arn   = aws_iam_role.state_machine.arn
  definition = templatefile("${path.module}/${each.value.state_machine}", local.bindings)

  # Errors only: what people and agents say is no business of a log.
  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.state_machine.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }

  lifecycle {
    precondition {
      condition     = var.placeholders == toset(keys(var.bindings))
      error_message = "The state machines leave other names than `bindings` has: generate them with the engine that this module belongs to."
    }
  }
}

resource "aws_cloudwatch_log_group" "state_machine" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "state_machine" {
  name = "${var.name}-state-machine"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "state_machine" {
  name = "run"
  role = aws_iam_role.state_machine.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Containers"
        Effect    = "Allow"
        Action    = local.actions.ecs
        Resource  = [var.bindings.task_definition_arn, "${replace(var.bindings.cluster_arn, ":cluster/", ":task/")}/*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.bindings.cluster_arn } }
      },
      {
        Sid       = "Roles"
        Effect    = "Allow"
        Action    = local.actions.iam
        Resource  = var.task_role_arns
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid      = "Functions"
        Effect   = "Allow"
        Action   = local.actions.lambda
        Resource = sort([for name, value in local.bindings : value if endswith(name, "_function_arn")])
      },
      {
        # The service asks for these on everything.
        Sid    = "Logs"
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery",
          "logs:DeleteLogDelivery",
          "logs:DescribeLogGroups",
          "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery",
          "logs:ListLogDeliveries",
          "logs:PutResourcePolicy",
          "logs:UpdateLogDelivery",
        ]
        Resource = "*"
      },
    ]
  })
}

output "state_machine_arns" {
  description = "The state machines by workflow."
  value       = { for name, machine in aws_sfn_state_machine.workflow : name => machine.arn }
}
