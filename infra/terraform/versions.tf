terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = merge({ Application = var.name, Environment = var.environment }, var.tags)
  }
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  is_prod   = var.environment == "prod"
  egress    = coalesce(var.egress, local.is_prod ? "nat" : "public_ip")
  spot      = coalesce(var.spot, !local.is_prod)
}
