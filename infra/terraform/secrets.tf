# Secrets of the crew, such as tokens of Git servers. Terraform creates the secret; an operator writes its value, so that no
# Terraform state contains it: {"GIT_GITHUB_COM": "user:token"}.

resource "aws_secretsmanager_secret" "crew" {
  #checkov:skip=CKV2_AWS_57:The tokens in it are of other services, which rotate them.
  name                    = "${var.name}/crew"
  description             = "Secrets of the crew, as a JSON object: GIT_<HOST> for the Git server of a host"
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = local.is_prod ? 30 : 0
}
