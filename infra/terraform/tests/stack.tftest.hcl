# The whole stack, applied in memory. crew.auto.tfvars.json is loaded by itself.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/cloudcrew" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = {
      arn                  = "arn:aws:ecs:eu-west-1:123456789012:task-definition/cloudcrew-phase:7"
      arn_without_revision = "arn:aws:ecs:eu-west-1:123456789012:task-definition/cloudcrew-phase"
    }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/0" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = {
      arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/cloudcrew-projects"
      stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/cloudcrew-projects/stream/0"
    }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::cloudcrew-blobs-123456789012" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn         = "arn:aws:cloudfront::123456789012:distribution/MOCKED"
      domain_name = "mocked.cloudfront.net"
    }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mocked" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = {
      arn                       = "arn:aws:states:eu-west-1:123456789012:stateMachine:cloudcrew-delivery"
      state_machine_version_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:cloudcrew-delivery:3"
    }
  }
  mock_resource "aws_apigatewayv2_stage" {
    defaults = { invoke_url = "wss://live.execute-api.eu-west-1.amazonaws.com/live" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:cloudcrew-left" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:cloudcrew-alarms" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mocked" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/cloudcrew-stopped" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:cloudcrew/crew-0" }
  }
}

variables {
  aws_region            = "eu-west-1"
  image                 = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/cloudcrew@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  repo_hosts            = ["github.com"]
  budget_alert_email    = "operators@example.com"
  monthly_budget_amount = 100
  dashboard_files       = "tests/dist"
}

run "machines_are_rendered" {
  command = apply

  assert {
    condition     = toset(keys(aws_sfn_state_machine.workflow)) == toset(keys(var.workflows)) && length(var.workflows) > 0
    error_message = "There is one machine for each workflow."
  }
  assert {
    condition = alltrue([for machine in values(aws_sfn_state_machine.workflow) :
      jsondecode(machine.definition).StartAt == "begin" && length(regexall("[$%]{", machine.definition)) == 0
    ])
    error_message = "A machine is no JSON, or a name in it was not bound."
  }
  assert {
    condition = alltrue(flatten([for name, workflow in var.workflows : [for phase in workflow.phases :
      contains(keys(jsondecode(aws_sfn_state_machine.workflow[name].definition).States), "${phase}.swarm") && contains(keys(var.phases), phase)
    ]]))
    error_message = "A phase of a workflow has no state in its machine, or is not described."
  }
  assert {
    condition = jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.swarm"].Parameters.NetworkConfiguration == {
      AwsvpcConfiguration = {
        "Subnets.$"    = "States.StringSplit('${join(",", aws_subnet.phases[*].id)}', ',')"
        SecurityGroups = [aws_security_group.phases.id]
        AssignPublicIp = "ENABLED"
      }
    }
    error_message = "In `dev`, the container has a public address in the subnets of phases."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.swarm"].Parameters.CapacityProviderStrategy[0].CapacityProvider == "FARGATE_SPOT"
    error_message = "In `dev`, phases run on spare capacity."
  }
  assert {
    condition = alltrue([for state, function in {
      "discovery.review" = "review", "discovery.gate" = "request", "finalize" = "finalize", "failed.record" = "ended",
      } : jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States[state].Parameters.FunctionName
      == "arn:aws:lambda:eu-west-1:123456789012:function:cloudcrew-${function}"
    ])
    error_message = "A state calls something else than its function."
  }
}

run "each_role_may_do_what_its_program_does_and_nothing_else" {
  command = apply

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.state_machine.policy).Statement :
      statement.Action if !contains(["Logs", "Key"], statement.Sid)
    ])) == var.iam_actions.state_machine
    error_message = "The machine's actions are not those that were generated."
  }
  assert {
    condition = alltrue([for program, actions in local.programs :
      toset(flatten([for statement in jsondecode(aws_iam_role_policy.program[program].policy).Statement : statement.Action])) == actions
    ])
    error_message = "A program's actions are not those that were generated."
  }
  assert {
    condition = alltrue([for program, _ in local.programs : alltrue([
      for statement in jsondecode(aws_iam_role_policy.program[program].policy).Statement : !contains(flatten([statement.Resource]), "*")
    ])])
    error_message = "A program may do something to everything."
  }
}

run "the_definitions_are_those_of_the_variables" {
  command = plan

  assert {
    condition     = aws_s3_object.definition.key == "definitions/${var.definition_hash}"
    error_message = "The definitions are stored under another name than engagements are pinned to."
  }
  assert {
    condition     = alltrue([for agent in values(var.agents) : contains(keys(var.models), agent.model)])
    error_message = "An agent has a model that is not described."
  }
  assert {
    condition = alltrue([for phase in values(var.phases) :
      contains(phase.agents, phase.entry) && phase.task_timeout_seconds > phase.execution_timeout_seconds &&
      phase.heartbeat_seconds < phase.task_timeout_seconds && alltrue([for agent in phase.agents : contains(keys(var.agents), agent)])
    ])
    error_message = "A phase's limits or members contradict each other."
  }
}

run "dev_leaves_nothing_behind" {
  command = plan

  assert {
    condition     = !aws_dynamodb_table.projects.deletion_protection_enabled && aws_s3_bucket.blobs.force_destroy
    error_message = "Something could not be destroyed."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_vpc_endpoint.inside) == 0
    error_message = "Something costs money by the hour."
  }
}

run "prod_protects_its_data" {
  command = plan
  variables {
    environment = "prod"
  }

  assert {
    condition = (aws_dynamodb_table.projects.deletion_protection_enabled && !aws_s3_bucket.blobs.force_destroy
    && aws_cognito_user_pool.this[0].deletion_protection == "ACTIVE" && aws_secretsmanager_secret.crew.recovery_window_in_days == 30)
    error_message = "Something can be destroyed by mistake."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && local.bindings.assign_public_ip == "DISABLED" && local.bindings.capacity_provider == "FARGATE"
    error_message = "Phases in `prod` reach out through NAT, on capacity that stays."
  }
}

run "a_network_without_a_way_out_has_the_services_inside" {
  command = plan
  variables {
    egress = "none"
  }

  assert {
    condition     = length(aws_internet_gateway.this) == 0 && length(aws_route.phases) == 0 && length(aws_vpc_endpoint.inside) > 0
    error_message = "There is a way out, or none to the services."
  }
  assert {
    condition     = length(aws_apigatewayv2_api.live) == 0 && aws_lambda_function.this["api"].environment[0].variables.WEBSOCKET_URL == ""
    error_message = "There are live events that no function could send."
  }
  assert {
    condition     = length(aws_lambda_function.this["api"].vpc_config) == 1 && length(aws_iam_role_policy.network) == length(local.functions)
    error_message = "The functions do not reach a Git server inside the network."
  }
}

run "people_are_notified_and_log_in" {
  command = apply
  variables {
    notify_file         = "tests/notify.json"
    login_callback_urls = ["http://localhost:8400/callback"]
  }

  assert {
    condition     = aws_s3_object.notify[0].key == "notify/${aws_lambda_function.this["answer"].environment[0].variables.NOTIFY}"
    error_message = "`answer` looks for the settings of notifications elsewhere."
  }
  assert {
    condition     = length(aws_cognito_user_pool_client.this[0].callback_urls) == 2
    error_message = "A browser could not return after a login."
  }
  assert {
    condition     = alltrue([for key, route in aws_apigatewayv2_route.live : route.authorization_type == (key == "$connect" ? "CUSTOM" : "NONE")])
    error_message = "A WebSocket is opened without a ticket."
  }
}

run "a_network_that_exists_is_used" {
  command = apply
  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-a", "subnet-b"] }
  }

  assert {
    condition     = length(aws_vpc.this) == 0 && local.bindings.subnet_ids == "subnet-a,subnet-b" && aws_security_group.phases.vpc_id == "vpc-1"
    error_message = "Another network is made."
  }
}

run "what_an_account_has_already_is_not_made_again" {
  command = plan
  variables {
    identity      = { issuer = "https://people.example", client_id = "crew" }
    create_alarms = false
    create_budget = false
  }

  assert {
    condition = (length(aws_cognito_user_pool.this) == 0 && length(aws_cognito_user_pool_client.this) == 0
      && aws_lambda_function.this["authorize"].environment[0].variables.OIDC_ISSUER == "https://people.example"
    && aws_lambda_function.this["api"].environment[0].variables.OIDC_CLIENT_ID == "crew")
    error_message = "People are known by a new user pool."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && length(aws_sns_topic.alarms) == 0 && length(aws_budgets_budget.this) == 0
    error_message = "Alarms or a budget are made."
  }
}

run "a_module_of_another_engine_is_refused" {
  command = plan
  variables {
    placeholders = ["cluster_arn"]
  }
  expect_failures = [aws_sfn_state_machine.workflow]
}

run "the_dashboard_and_the_interface_share_an_address" {
  command = apply

  assert {
    condition = alltrue([for function in ["api", "authorize"] :
      aws_lambda_function.this[function].environment[0].variables.CLOUDCREW_PUBLIC_URL == "https://mocked.cloudfront.net"
    ])
    error_message = "The programs know another address than browsers do."
  }
  assert {
    condition     = contains(aws_cognito_user_pool_client.this[0].callback_urls, "https://mocked.cloudfront.net/callback")
    error_message = "A login does not return to the dashboard."
  }
  assert {
    condition     = aws_s3_object.page["index.html"].cache_control == "no-store" && strcontains(aws_s3_object.page["assets/main.js"].cache_control, "immutable")
    error_message = "A new build would not reach browsers."
  }
  assert {
    condition     = strcontains(local.page_policy, "connect-src 'self' wss://live.execute-api.eu-west-1.amazonaws.com ") && strcontains(local.page_policy, "trusted-types 'none'")
    error_message = "Pages cannot follow engagements live, or may do more than they must."
  }
}

run "without_a_dashboard_the_gateway_is_the_address" {
  command = apply

  variables {
    create_dashboard = false
  }

  assert {
    condition     = length(aws_cloudfront_distribution.dashboard) == 0 && length(aws_s3_object.page) == 0 && output.dashboard_url == null
    error_message = "Something of the dashboard is left."
  }
  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables.CLOUDCREW_PUBLIC_URL == aws_apigatewayv2_api.this.api_endpoint
    error_message = "The programs know another address than browsers do."
  }
}
