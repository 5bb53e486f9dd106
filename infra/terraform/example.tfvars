# Copy to terraform.tfvars, which Git ignores, and change what differs.
# `make docker-push` writes the image to image.auto.tfvars.

aws_region            = "eu-west-1"
environment           = "dev"
repo_hosts            = ["github.com"]
budget_alert_email    = "operators@example.com"
monthly_budget_amount = 100
