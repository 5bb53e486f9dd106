# One state machine for each workflow, as `cloudcrew generate` wrote it, with its names bound.

locals {
  # The machine splits the list of subnets again.
  bindings = {
    cluster_arn           = aws_ecs_cluster.this.arn
    task_definition_arn   = aws_ecs_task_definition.phase.arn
    capacity_provider     = local.spot ? "FARGATE_SPOT" : "FARGATE"
    assign_public_ip      = local.is_public ? "ENABLED" : "DISABLED"
    subnet_ids            = join(",", local.subnet_ids)
    security_group_id     = aws_security_group.phases.id
    review_function_arn   = local.function_arns.review
    request_function_arn  = local.function_arns.request
    finalize_function_arn = local.function_arns.finalize
    ended_function_arn    = local.function_arns.ended
  }

  # What the role may do, service by service: each has its own resources.
  actions = {
    for service in toset([for action in var.iam_actions.state_machine : split(":", action)[0]]) :
    service => sort([for action in var.iam_actions.state_machine : action if startswith(action, "${service}:")])
  }
}

resource "aws_sfn_state_machine" "workflow" {
  #checkov:skip=CKV_AWS_284:Traces are made from the journal, where they are complete.
  #checkov:skip=CKV_AWS_285:A log of payloads would hold what people and agents say.
  for_each   = var.workflows
  name       = "${var.name}-${each.key}"
  role_arn   = aws_iam_role.state_machine.arn
  definition = templatefile("${path.module}/${each.value.state_machine}", local.bindings)
  # New engagements run the newest version, and keep it.
  publish = true

  encryption_configuration {
    type       = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id = aws_kms_key.this.arn
  }

  # Errors only: logs must not contain what people and agents say.
  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.state_machine.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }

  lifecycle {
    precondition {
      condition     = var.placeholders == toset(keys(local.bindings))
      error_message = "The placeholders in the state machines differ from those bound here; generate them with the engine version of this module."
    }
  }

  depends_on = [aws_iam_role_policy.state_machine, aws_ecs_cluster_capacity_providers.this]
}

resource "aws_cloudwatch_log_group" "state_machine" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_iam_role" "state_machine" {
  name                 = "${var.name}-state-machine"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "state_machine" {
  #checkov:skip=CKV_AWS_290:The service asks for the actions on logs without a resource.
  #checkov:skip=CKV_AWS_355:The service asks for the actions on logs without a resource.
  name = "run"
  role = aws_iam_role.state_machine.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Containers"
        Effect    = "Allow"
        Action    = local.actions.ecs
        Resource  = ["${aws_ecs_task_definition.phase.arn_without_revision}:*", "${replace(aws_ecs_cluster.this.arn, ":cluster/", ":task/")}/*"]
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
      },
      {
        Sid       = "Roles"
        Effect    = "Allow"
        Action    = local.actions.iam
        Resource  = [aws_iam_role.program["phase"].arn, aws_iam_role.start.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid      = "Functions"
        Effect   = "Allow"
        Action   = local.actions.lambda
        Resource = sort([for name, value in local.bindings : value if endswith(name, "_function_arn")])
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.this.arn
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
