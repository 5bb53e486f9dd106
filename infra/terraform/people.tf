# Who may use the interface. People are added by an operator, and nobody signs up; or another identity provider knows them.

locals {
  people    = var.identity == null ? 1 : 0
  issuer    = var.identity == null ? "https://cognito-idp.${var.aws_region}.amazonaws.com/${aws_cognito_user_pool.this[0].id}" : var.identity.issuer
  client_id = var.identity == null ? aws_cognito_user_pool_client.this[0].id : var.identity.client_id
}

resource "aws_cognito_user_pool" "this" {
  count                    = local.people
  name                     = var.name
  deletion_protection      = local.is_prod ? "ACTIVE" : "INACTIVE"
  mfa_configuration        = "OPTIONAL"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  password_policy {
    minimum_length                   = 14
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 7
  }
}

resource "aws_cognito_user_group" "operators" {
  count        = local.people
  name         = var.operators_group
  user_pool_id = aws_cognito_user_pool.this[0].id
  description  = "May do everything in every engagement"
}

resource "aws_cognito_user_pool_domain" "this" {
  count                 = local.people
  domain                = "${var.name}-${local.account}"
  user_pool_id          = aws_cognito_user_pool.this[0].id
  managed_login_version = 2
}

resource "aws_cognito_managed_login_branding" "this" {
  count                       = local.people
  client_id                   = aws_cognito_user_pool_client.this[0].id
  user_pool_id                = aws_cognito_user_pool.this[0].id
  use_cognito_provided_values = true
}

resource "aws_cognito_user_pool_client" "this" {
  count                                = local.people
  name                                 = var.name
  user_pool_id                         = aws_cognito_user_pool.this[0].id
  generate_secret                      = false
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "profile", "email"]
  supported_identity_providers         = ["COGNITO"]
  callback_urls                        = concat(["${local.public_url}/callback"], var.login_callback_urls)
  # With the credentials of the account, for operators and scripts; people log in with a browser.
  explicit_auth_flows           = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  access_token_validity         = 1
  id_token_validity             = 1
  refresh_token_validity        = 1

  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }
}
