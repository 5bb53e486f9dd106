output "api_url" {
  description = "The HTTP interface."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "user_pool_id" {
  description = "Where people are added."
  value       = aws_cognito_user_pool.this.id
}

output "client_id" {
  description = "What tokens are for."
  value       = aws_cognito_user_pool_client.this.id
}

output "login_url" {
  description = "The page where people log in."
  value       = "https://${aws_cognito_user_pool_domain.this.domain}.auth.${var.aws_region}.amazoncognito.com"
}

output "secrets_arn" {
  description = "Where an operator writes the secrets of the crew."
  value       = aws_secretsmanager_secret.crew.arn
}

output "state_machine_arns" {
  description = "The state machines by workflow."
  value       = { for name, machine in aws_sfn_state_machine.workflow : name => machine.arn }
}
