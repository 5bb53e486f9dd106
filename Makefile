# A deployment on AWS, step by step; docs/aws.md explains each. Everything is asked before it is changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

REGION ?= $(shell sed -n 's/^aws_region *= *"\(.*\)"/\1/p' infra/terraform/terraform.tfvars 2>/dev/null)
BOOTSTRAP := terraform -chdir=infra/bootstrap
STACK := terraform -chdir=infra/terraform
TAG ?= $(shell git rev-parse --short=12 HEAD)

.PHONY: help bootstrap-init bootstrap-apply tf-init tf-plan tf-apply tf-destroy docker-build docker-push deploy teardown check

help: ## Show what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | column -t -s "$$(printf '\t')"

bootstrap-init: ## Prepare the bootstrap
	$(BOOTSTRAP) init

bootstrap-apply: ## Make the bucket of the state and the repository of images
	$(BOOTSTRAP) apply -var aws_region=$(REGION)

tf-init: ## Prepare the stack, with the state that the bootstrap made
	$(STACK) init $$($(BOOTSTRAP) output -raw backend)

docker-build: ## Build the image
	docker build --platform linux/amd64 -f infra/docker/Dockerfile -t cloudcrew:$(TAG) .

docker-push: ## Push the image, and write its digest to image.auto.tfvars
	repository="$$($(BOOTSTRAP) output -raw repository_url)"; \
	aws ecr get-login-password --region $(REGION) | docker login --username AWS --password-stdin "$${repository%%/*}"; \
	docker tag cloudcrew:$(TAG) "$$repository:$(TAG)"; \
	docker push "$$repository:$(TAG)"; \
	docker inspect --format 'image = "{{index .RepoDigests 0}}"' "$$repository:$(TAG)" | tee infra/terraform/image.auto.tfvars

tf-plan: ## Show what would change
	$(STACK) plan

tf-apply: ## Change it, after a question
	$(STACK) apply

tf-destroy: ## Remove the stack, after a question; the bootstrap stays
	$(STACK) destroy

deploy: docker-build docker-push tf-apply ## Build, push and apply

teardown: tf-destroy ## Remove the stack, then say how to remove the bootstrap
	@echo "to remove the bootstrap too: empty the bucket of the state, then $(BOOTSTRAP) destroy -var aws_region=$(REGION)"

check: ## Check definitions, generated files and Terraform; changes nothing
	cargo run -q -- check
	cargo run -q -- generate --check
	terraform fmt -check -recursive infra
