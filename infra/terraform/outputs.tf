output "api_url" {
  description = "The HTTP interface."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "dashboard_url" {
  description = "The dashboard; null without it."
  value       = var.create_dashboard ? local.public_url : null
}

output "websocket_url" {
  description = "Where readers follow engagements live; empty without internet access."
  value       = local.environment.api.WEBSOCKET_URL
}

output "user_pool_id" {
  description = "Id of the user pool in which people are added; null with another identity provider."
  value       = one(aws_cognito_user_pool.this[*].id)
}

output "client_id" {
  description = "Id of the client that tokens are issued for."
  value       = local.client_id
}

output "cluster_arn" {
  description = "The cluster of the phases."
  value       = aws_ecs_cluster.this.arn
}

output "login_url" {
  description = "The page where people log in."
  value       = "${local.public_url}/login"
}

output "secrets_arn" {
  description = "ARN of the secret that holds the crew's secrets."
  value       = aws_secretsmanager_secret.crew.arn
}

output "state_machine_arns" {
  description = "The state machines by workflow."
  value       = { for name, machine in aws_sfn_state_machine.workflow : name => machine.arn }
}
