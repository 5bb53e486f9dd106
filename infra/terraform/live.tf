# Live events over WebSockets, which the gateway keeps open. Its callbacks are in the public network, so there are none
# without internet access.

locals {
  live       = local.egress == "none" ? 0 : 1
  live_stage = "live"

  # Route, and how it is authorized: only `$connect` can be, and nothing else passes before it.
  live_routes = local.live == 0 ? {} : { "$connect" = "CUSTOM", "$disconnect" = "NONE", "$default" = "NONE" }
}

resource "aws_apigatewayv2_api" "live" {
  count                      = local.live
  name                       = "${var.name}-live"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_authorizer" "live" {
  count            = local.live
  api_id           = aws_apigatewayv2_api.live[0].id
  name             = "tickets"
  authorizer_type  = "REQUEST"
  authorizer_uri   = aws_lambda_function.this["authorize"].invoke_arn
  identity_sources = ["route.request.querystring.ticket"]
}

resource "aws_apigatewayv2_integration" "live" {
  count            = local.live
  api_id           = aws_apigatewayv2_api.live[0].id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.this["websocket"].invoke_arn
}

resource "aws_apigatewayv2_route" "live" {
  #checkov:skip=CKV_AWS_309:Only `$connect` can be authorized; the other routes serve connections that it let in.
  for_each           = local.live_routes
  api_id             = aws_apigatewayv2_api.live[0].id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.live[0].id}"
  authorization_type = each.value
  authorizer_id      = each.value == "CUSTOM" ? aws_apigatewayv2_authorizer.live[0].id : null
}

resource "aws_apigatewayv2_stage" "live" {
  #checkov:skip=CKV2_AWS_51:Readers identify themselves by a ticket; they have no certificates.
  #checkov:skip=CKV_AWS_76:Access logs of WebSockets need a setting of the whole account; `authorize` logs who connects.
  count       = local.live
  api_id      = aws_apigatewayv2_api.live[0].id
  name        = local.live_stage
  auto_deploy = true

  default_route_settings {
    throttling_burst_limit = 200
    throttling_rate_limit  = 100
  }
}

resource "aws_lambda_permission" "live" {
  count         = local.live
  function_name = aws_lambda_function.this["websocket"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.live[0].execution_arn}/*/*"
}

resource "aws_lambda_permission" "tickets" {
  count         = local.live
  function_name = aws_lambda_function.this["authorize"].function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.live[0].execution_arn}/authorizers/${aws_apigatewayv2_authorizer.live[0].id}"
}

# Who is connected. The gateway closes a connection after two hours.
resource "aws_dynamodb_table" "connections" {
  #checkov:skip=CKV_AWS_28:Connections last two hours; nothing of them is worth restoring.
  name         = "${var.name}-connections"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  range_key    = "SK"

  dynamic "attribute" {
    for_each = ["PK", "SK"]
    content {
      name = attribute.value
      type = "S"
    }
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}
