# The HTTP interface. The gateway asks `authorize` first, and the engine checks again.

locals {
  # Routes that need neither token nor session: health, configuration, the API description, and the login.
  open_routes = [
    "GET /healthz", "GET /config.json", "GET /openapi.json", "GET /login", "GET /callback", "GET /callback/done",
  ]
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "this" {
  api_id          = aws_apigatewayv2_api.this.id
  name            = "people"
  authorizer_type = "REQUEST"
  authorizer_uri  = aws_lambda_function.this["authorize"].invoke_arn

  # A token or the cookie of a session. Nothing is remembered: a session that was ended is over at once.
  authorizer_payload_format_version = "2.0"
  authorizer_result_ttl_in_seconds  = 0
  enable_simple_responses           = true
}

resource "aws_apigatewayv2_integration" "api" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.this["api"].invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "all" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.api.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.this.id
}

resource "aws_apigatewayv2_route" "open" {
  #checkov:skip=CKV_AWS_309:Health, configuration, API description and login contain no engagement data.
  for_each           = toset(local.open_routes)
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.value
  target             = "integrations/${aws_apigatewayv2_integration.api.id}"
  authorization_type = "NONE"
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/cloudcrew/${var.name}/api"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_apigatewayv2_stage" "default" {
  # Settings of a route need the route.
  depends_on = [aws_apigatewayv2_route.open]

  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_burst_limit = 2 * var.requests_per_second
    throttling_rate_limit  = var.requests_per_second
  }

  # Strangers must not use up what the others need.
  dynamic "route_settings" {
    for_each = toset(local.open_routes)
    content {
      route_key              = route_settings.value
      throttling_burst_limit = 5
      throttling_rate_limit  = 5
    }
  }

  # Logs who requested what, without request or response bodies.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      at     = "$context.requestTime", from = "$context.identity.sourceIp", method = "$context.httpMethod",
      path   = "$context.path", status = "$context.status", request = "$context.requestId",
      person = "$context.authorizer.person", took = "$context.responseLatency"
    })
  }
}

resource "aws_lambda_permission" "authorize" {
  function_name = aws_lambda_function.this["authorize"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.this.id}"
}

resource "aws_lambda_permission" "api" {
  function_name = aws_lambda_function.this["api"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}
