# Timed events, and events of stopped containers.

# One schedule for each engagement with a deadline, made and removed by `answer`.
resource "aws_scheduler_schedule_group" "this" {
  name = var.name
}

# A daily sweep, for records that expired from the stream after 24 hours.
resource "aws_scheduler_schedule" "sweep" {
  name                = "${var.name}-sweep"
  group_name          = "default"
  schedule_expression = "rate(1 day)"
  kms_key_arn         = aws_kms_key.this.arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 60
  }

  target {
    arn      = local.function_arns.answer
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode({ sweep = true })

    dead_letter_config {
      arn = aws_sqs_queue.left.arn
    }
  }
}

# A container that has stopped is noticed at once, before its heartbeat is missed.
resource "aws_cloudwatch_event_rule" "stopped" {
  name = "${var.name}-stopped"
  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail        = { clusterArn = [aws_ecs_cluster.this.arn], lastStatus = ["STOPPED"] }
  })
}

resource "aws_cloudwatch_event_target" "stopped" {
  rule = aws_cloudwatch_event_rule.stopped.name
  arn  = aws_lambda_function.this["answer"].arn
}

resource "aws_lambda_permission" "stopped" {
  function_name = aws_lambda_function.this["answer"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.stopped.arn
}
