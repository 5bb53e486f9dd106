# A deployment on AWS, step by step; docs/aws.md explains each step. Terraform asks for confirmation
# before it changes anything.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

REGION ?= $(shell sed -n 's/^aws_region *= *"\(.*\)"/\1/p' infra/terraform/terraform.tfvars 2>/dev/null)
BOOTSTRAP := terraform -chdir=infra/bootstrap
STACK := terraform -chdir=infra/terraform
# Tags cannot be pushed twice; a changed tree has one of its own.
TAG ?= $(shell git rev-parse --short=12 HEAD)$(shell git diff --quiet HEAD || date +-%Y%m%d%H%M%S)

.PHONY: help bootstrap-init bootstrap-apply tf-init dashboard tf-plan tf-apply tf-destroy docker-build docker-push deploy drain teardown check

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | column -t -s "$$(printf '\t')"

bootstrap-init: ## Initialize the bootstrap
	$(BOOTSTRAP) init

bootstrap-apply: ## Create the state bucket and the image repository
	$(BOOTSTRAP) apply -var aws_region=$(REGION)

tf-init: ## Initialize the stack, with the state bucket of the bootstrap
	$(STACK) init $$($(BOOTSTRAP) output -raw backend)

docker-build: ## Build the image
	docker build --platform linux/amd64 --provenance=false --sbom=false -f infra/docker/Dockerfile -t cloudcrew:$(TAG) .

docker-push: ## Push the image, and write its digest to image.auto.tfvars
	repository="$$($(BOOTSTRAP) output -raw repository_url)"; \
	aws ecr get-login-password --region $(REGION) | docker login --username AWS --password-stdin "$${repository%%/*}"; \
	docker tag cloudcrew:$(TAG) "$$repository:$(TAG)"; \
	docker push "$$repository:$(TAG)"; \
	digest="$$(docker inspect --format '{{join .RepoDigests "\n"}}' "$$repository:$(TAG)" | grep "^$$repository@")"; \
	echo "image = \"$$digest\"" | tee infra/terraform/image.auto.tfvars

dashboard: ## Build the dashboard (needs Node.js 20.19 or later)
	npm --prefix dashboard ci --no-audit --no-fund
	npm --prefix dashboard run build

tf-plan: ## Show what would change
	$(STACK) plan

tf-apply: ## Apply the changes, after confirmation
	$(STACK) apply

drain: ## End all executions and tasks, after confirmation; without it, what waits holds up tf-destroy
	@read -r -p "End all executions and tasks of this deployment? [yes/no] " answer; [ "$$answer" = yes ]
	for machine in $$($(STACK) output -json state_machine_arns | jq -r '.[]'); do \
	  aws stepfunctions list-executions --region $(REGION) --state-machine-arn "$$machine" --status-filter RUNNING \
	    --query 'executions[].executionArn' --output text | tr '\t' '\n' | grep . | \
	    xargs -r -n1 aws stepfunctions stop-execution --region $(REGION) --execution-arn || true; \
	done
	cluster="$$($(STACK) output -raw cluster_arn)"; \
	aws ecs list-tasks --region $(REGION) --cluster "$$cluster" --query 'taskArns[]' --output text | tr '\t' '\n' | grep . | \
	  xargs -r -n1 aws ecs stop-task --region $(REGION) --cluster "$$cluster" --task >/dev/null || true

tf-destroy: ## Destroy the stack, after confirmation; the bootstrap stays
	$(STACK) destroy

deploy: docker-build docker-push dashboard tf-apply ## Build, push and apply

teardown: drain tf-destroy ## Destroy the stack, and show how to remove the bootstrap
	@echo "to remove the bootstrap too: empty the state bucket, then run $(BOOTSTRAP) destroy -var aws_region=$(REGION)"

check: ## Check definitions, generated files and Terraform; changes nothing
	cargo run -q -- check
	cargo run -q -- generate --check
	terraform fmt -check -recursive infra
