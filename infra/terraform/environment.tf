# The environment of each program: these variables, and no others. docs/reference/environment.md describes each of them.

locals {
  # What every program needs.
  tables = {
    TASK_LEDGER_TABLE = aws_dynamodb_table.projects.name
    BLOBS_BUCKET      = aws_s3_bucket.blobs.bucket
  }
  # What those need that do the crew's work, but not those that face strangers.
  stores = merge(local.tables, {
    SECRETS_ARN     = aws_secretsmanager_secret.crew.arn
    METRICS_TABLE   = aws_dynamodb_table.learned["metrics"].name
    MEMORY_TABLE    = aws_dynamodb_table.learned["memory"].name
    PATTERNS_BUCKET = aws_s3_bucket.patterns.bucket
  })
  # What programs need that send to readers; empty where there are no live events.
  readers = {
    CONNECTIONS_TABLE      = aws_dynamodb_table.connections.name
    WEBSOCKET_CALLBACK_URL = local.live == 0 ? "" : replace(aws_apigatewayv2_stage.live[0].invoke_url, "wss://", "https://")
  }
  models = { BEDROCK_REGION = coalesce(var.bedrock_region, var.aws_region) }

  # Separate from `environment`, to avoid a cycle: the state machine refers to the container, and `answer` to the machine.
  phase_environment = merge(local.stores, local.models, local.readers, { CLOUDCREW_SCRATCH = local.scratch })

  environment = {
    review    = merge(local.stores, local.models, local.readers)
    request   = local.stores
    finalize  = merge(local.stores, local.models)
    ended     = local.stores
    reminders = local.stores
    answer = merge(local.stores, local.models, local.readers, {
      DEFINITION             = var.definition_hash
      STATE_MACHINE_ARNS     = jsonencode({ for name, machine in aws_sfn_state_machine.workflow : name => machine.state_machine_version_arn })
      SCHEDULE_GROUP         = aws_scheduler_schedule_group.this.name
      SCHEDULE_ROLE_ARN      = aws_iam_role.schedules.arn
      REMINDERS_FUNCTION_ARN = local.function_arns.reminders
      ANSWER_FUNCTION_ARN    = local.function_arns.answer
      NOTIFY                 = try(trimprefix(aws_s3_object.notify[0].key, "notify/"), "")
    })
    authorize = merge(local.tables, local.readers, {
      OIDC_ISSUER          = local.issuer
      OIDC_CLIENT_ID       = local.client_id
      CLOUDCREW_PUBLIC_URL = local.public_url
    })
    websocket = merge(local.tables, local.readers, {
      ANSWER_FUNCTION_ARN = local.function_arns.answer
    })
    api = merge(local.stores, {
      UPLOADS_BUCKET       = aws_s3_bucket.uploads.bucket
      DEFINITION           = var.definition_hash
      OIDC_ISSUER          = local.issuer
      OIDC_CLIENT_ID       = local.client_id
      CLOUDCREW_OPERATORS  = var.operators_group
      CLOUDCREW_PUBLIC_URL = local.public_url
      WEBSOCKET_URL        = local.live == 0 ? "" : aws_apigatewayv2_stage.live[0].invoke_url
      CLOUDCREW_REPO_HOST  = join(",", var.repo_hosts)
      PROJECT_REPO_URL     = var.project_repo_url
    })
  }
}
