# Where the state is: `terraform init` is given the names that the bootstrap prints.

terraform {
  backend "s3" {
    key          = "cloudcrew/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
