# One image serves all functions; each is told which one it is.

locals {
  # Seconds and MiB. A review runs a whole review; `answer` also answers messages.
  functions = {
    review    = { timeout = 900, memory = 1024, scratch = 2048 }
    request   = { timeout = 120, memory = 512, scratch = 2048 }
    finalize  = { timeout = 900, memory = 512, scratch = 2048 }
    ended     = { timeout = 120, memory = 512, scratch = 2048 }
    answer    = { timeout = 900, memory = 1024, scratch = 4096 }
    reminders = { timeout = 120, memory = 512, scratch = 2048 }
    api       = { timeout = 29, memory = 1024, scratch = 4096 }
    authorize = { timeout = 10, memory = 512, scratch = 512 }
    websocket = { timeout = 10, memory = 512, scratch = 512 }
  }
  # Built from names, not references, to avoid a cycle between roles and functions.
  function_arns = {
    for name, _ in local.functions :
    name => "arn:${local.partition}:lambda:${var.aws_region}:${local.account}:function:${var.name}-${name}"
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:Traces are made from the journal, where they are complete; a service's own would repeat what people say in headers.
  #checkov:skip=CKV_AWS_115:The account's concurrency is shared on purpose: a new account has only 10, too few to reserve any.
  #checkov:skip=CKV_AWS_116:Asynchronous invocations have a failure destination below; the state machine retries synchronous ones.
  #checkov:skip=CKV_AWS_117:Functions are in the network where the Git server is inside it; elsewhere they need no network of ours.
  #checkov:skip=CKV_AWS_272:Images are pinned by digest; Lambda code signing supports only zip archives.
  for_each      = local.functions
  function_name = "${var.name}-${each.key}"
  role          = aws_iam_role.program[each.key].arn
  package_type  = "Image"
  image_uri     = var.image
  architectures = ["x86_64"]
  timeout       = each.value.timeout
  memory_size   = each.value.memory
  kms_key_arn   = aws_kms_key.this.arn

  image_config {
    command = ["lambda", each.key]
  }

  ephemeral_storage {
    size = each.value.scratch
  }

  environment {
    variables = local.environment[each.key]
  }

  # Without a way out, the Git server is inside the network, and so are the functions that reach it.
  dynamic "vpc_config" {
    for_each = local.egress == "none" ? [1] : []
    content {
      subnet_ids         = local.subnet_ids
      security_group_ids = [aws_security_group.phases.id]
    }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  depends_on = [aws_iam_role_policy.program, aws_iam_role_policy.log, aws_iam_role_policy.network]
}

# Events that could not be processed, kept for 14 days for an operator.
resource "aws_sqs_queue" "left" {
  name                              = "${var.name}-left"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = aws_kms_key.this.arn
  kms_data_key_reuse_period_seconds = 3600
}

resource "aws_iam_role_policy" "left" {
  for_each = toset(["answer", "reminders"])
  name     = "left"
  role     = aws_iam_role.program[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.left.arn
    }]
  })
}

resource "aws_iam_role_policy" "answer" {
  name = "follow"
  role = aws_iam_role.program["answer"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Stream"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        Resource = aws_dynamodb_table.projects.stream_arn
      },
      {
        # This action does not support resource-level permissions.
        Sid      = "Streams"
        Effect   = "Allow"
        Action   = "dynamodb:ListStreams"
        Resource = "*"
      },
    ]
  })
}

# Journal entries and callbacks reach `answer` in order within an engagement, and in parallel across engagements.
resource "aws_lambda_event_source_mapping" "answer" {
  event_source_arn                   = aws_dynamodb_table.projects.stream_arn
  function_name                      = aws_lambda_function.this["answer"].arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  parallelization_factor             = 10
  bisect_batch_on_function_error     = true
  maximum_retry_attempts             = 20
  maximum_record_age_in_seconds      = 86400
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = 0

  filter_criteria {
    filter {
      pattern = jsonencode({ dynamodb = { Keys = { SK = { S = ["TIP", { prefix = "C#" }] } } } })
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.left.arn
    }
  }

  depends_on = [aws_iam_role_policy.answer, aws_iam_role_policy.left]
}

# Asynchronous invocations: by the daily sweep, by stopped containers, and by `answer` itself; and by the
# schedules of deadlines.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each                     = toset(["answer", "reminders"])
  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.left.arn
    }
  }

  depends_on = [aws_iam_role_policy.answer, aws_iam_role_policy.left]
}
