# A role for each program, with exactly the actions that it needs. `cloudcrew generate` lists the actions; this file adds
# the resources that they apply to.

locals {
  machine_arns = [
    for name in keys(var.workflows) :
    "arn:${local.partition}:states:${var.aws_region}:${local.account}:stateMachine:${var.name}-${name}"
  ]
  schedules_arn = "arn:${local.partition}:scheduler:${var.aws_region}:${local.account}:schedule/${var.name}/*"

  # Resources by service, the part of an action before the colon.
  resources = {
    dynamodb       = [aws_dynamodb_table.projects.arn, "${aws_dynamodb_table.projects.arn}/index/*"]
    s3             = [aws_s3_bucket.blobs.arn, "${aws_s3_bucket.blobs.arn}/blobs/*"]
    states         = concat(local.machine_arns, [for arn in local.machine_arns : "${arn}:*"])
    bedrock        = var.model_arns
    scheduler      = [local.schedules_arn]
    secretsmanager = [aws_secretsmanager_secret.crew.arn]
    kms            = [aws_kms_key.this.arn]
    lambda         = [local.function_arns.answer]
    iam            = [aws_iam_role.schedules.arn]
    ses            = [for kind in ["configuration-set", "identity"] : "arn:${local.partition}:ses:*:${local.account}:${kind}/*"]
    execute-api    = [for method in ["DELETE", "POST"] : "${local.live_arn}/${method}/@connections/*"]
  }

  # There may be no interface.
  live_arn = "arn:${local.partition}:execute-api:${var.aws_region}:${local.account}:${try(aws_apigatewayv2_api.live[0].id, "none")}/${local.live_stage}"

  # What those need that read and write what was learnt.
  learned = [for table in aws_dynamodb_table.learned : table.arn]
  bundles = [aws_s3_bucket.patterns.arn, "${aws_s3_bucket.patterns.arn}/*"]

  # Additional resources for a single program.
  more_resources = merge(
    {
      "api.s3" = concat(local.bundles, [
        aws_s3_bucket.uploads.arn, "${aws_s3_bucket.uploads.arn}/uploads/*", "${aws_s3_bucket.uploads.arn}/downloads/*",
        "${aws_s3_bucket.blobs.arn}/definitions/*",
      ])
      "answer.s3" = concat(local.bundles, ["${aws_s3_bucket.blobs.arn}/notify/*"])
    },
    { for name in ["phase", "review", "request", "reminders", "finalize", "ended"] : "${name}.s3" => local.bundles },
    { for name in ["authorize", "websocket"] : "${name}.dynamodb" => [aws_dynamodb_table.connections.arn] },
    { for name in ["phase", "review", "answer"] : "${name}.dynamodb" => concat([aws_dynamodb_table.connections.arn], local.learned) },
    { for name in ["request", "reminders", "finalize", "ended", "api"] : "${name}.dynamodb" => local.learned },
  )

  # Programs as the definitions name them.
  programs = {
    phase     = var.iam_actions.phase_task
    review    = var.iam_actions.review
    request   = var.iam_actions.request
    answer    = var.iam_actions.answer
    reminders = var.iam_actions.reminders
    finalize  = var.iam_actions.finalize
    ended     = var.iam_actions.ended
    api       = var.iam_actions.api
    authorize = var.iam_actions.authorize
    websocket = var.iam_actions.websocket
  }

  policies = {
    for program, actions in local.programs : program => {
      Version = "2012-10-17"
      Statement = [
        for service in sort(distinct([for action in actions : split(":", action)[0]])) : {
          Sid      = title(service)
          Effect   = "Allow"
          Action   = sort([for action in actions : action if startswith(action, "${service}:")])
          Resource = concat(local.resources[service], lookup(local.more_resources, "${program}.${service}", []))
        }
      ]
    }
  }
}

resource "aws_iam_role" "program" {
  for_each             = local.programs
  name                 = "${var.name}-${each.key}"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = each.key == "phase" ? "ecs-tasks.amazonaws.com" : "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "program" {
  for_each = local.programs
  name     = "program"
  role     = aws_iam_role.program[each.key].id
  policy   = jsonencode(local.policies[each.key])
}

# Lets each function write its log.
resource "aws_iam_role_policy" "log" {
  for_each = local.functions
  name     = "log"
  role     = aws_iam_role.program[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*"
    }]
  })
}

# Lets each function join the network, where it is in one.
resource "aws_iam_role_policy" "network" {
  #checkov:skip=CKV_AWS_290:Network interfaces of functions have no resource before they exist.
  #checkov:skip=CKV_AWS_355:Network interfaces of functions have no resource before they exist.
  for_each = local.egress == "none" ? local.functions : {}
  name     = "network"
  role     = aws_iam_role.program[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      Resource = "*"
    }]
  })
}

# Execution role of containers: it pulls the image and writes the log.
resource "aws_iam_role" "start" {
  name                 = "${var.name}-phase-start"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "start" {
  name = "start"
  role = aws_iam_role.start.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # This action does not support resource-level permissions.
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = local.repository_arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.phase.arn}:*"
      },
    ]
  })
}

# Role that schedules assume to invoke functions.
resource "aws_iam_role" "schedules" {
  name                 = "${var.name}-schedules"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "schedules" {
  name = "invoke"
  role = aws_iam_role.schedules.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = [local.function_arns.answer, local.function_arns.reminders]
      }, {
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.left.arn
      }, {
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = aws_kms_key.this.arn
    }]
  })
}
