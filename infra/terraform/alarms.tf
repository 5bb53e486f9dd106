# Alarms, a dashboard and a budget for operators.

resource "aws_sns_topic" "alarms" {
  count             = var.create_alarms ? 1 : 0
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_subscription" "alarms" {
  count     = var.create_alarms ? 1 : 0
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.budget_alert_email
}

locals {
  alarms = merge(
    {
      for name, _ in local.functions : "${name}-errors" => {
        what = "Function ${name} returned errors", namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum", above = 0
        of   = { FunctionName = "${var.name}-${name}" }
      }
    },
    {
      for name in keys(var.workflows) : "${name}-failed" => {
        what = "An engagement of ${name} failed", namespace = "AWS/States", metric = "ExecutionsFailed", statistic = "Sum", above = 0
        of   = { StateMachineArn = aws_sfn_state_machine.workflow[name].arn }
      }
    },
    {
      left = {
        what = "Events could not be processed", namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", above = 0
        of   = { QueueName = aws_sqs_queue.left.name }
      }
      late = {
        what = "Outcomes are reported late", namespace = "AWS/Lambda", metric = "IteratorAge", statistic = "Maximum", above = 60000
        of   = { FunctionName = "${var.name}-answer" }
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = var.create_alarms ? local.alarms : {}
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.what
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.of
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
}

resource "aws_cloudwatch_dashboard" "this" {
  count          = var.create_alarms ? 1 : 0
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for number, widget in [
        { title = "Engagements", metrics = [for name in keys(var.workflows) : ["AWS/States", "ExecutionsStarted", "StateMachineArn", aws_sfn_state_machine.workflow[name].arn]] },
        { title = "Errors of functions", metrics = [for name, _ in local.functions : ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-${name}"]] },
        { title = "Duration of requests", metrics = [["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.this.id]] },
        { title = "Capacity of the table", metrics = [for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] : ["AWS/DynamoDB", metric, "TableName", aws_dynamodb_table.projects.name]] },
        ] : {
        type       = "metric", x = 12 * (number % 2), y = 6 * floor(number / 2), width = 12, height = 6
        properties = { title = widget.title, metrics = widget.metrics, region = var.aws_region, period = 300, stat = "Sum" }
      }
    ]
  })
}

# Of the whole account: models and containers carry no tags that a budget would see.
resource "aws_budgets_budget" "this" {
  count        = var.create_budget ? 1 : 0
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_amount)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = [80, 100]
    content {
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      notification_type          = "ACTUAL"
      subscriber_email_addresses = [var.budget_alert_email]
    }
  }
}
