# The committed state machines and variables, rendered by Terraform itself. crew.auto.tfvars.json is loaded by itself.

mock_provider "aws" {}

variables {
  bindings = {
    cluster_arn           = "arn:aws:ecs:eu-west-1:123456789012:cluster/cloudcrew"
    task_definition_arn   = "arn:aws:ecs:eu-west-1:123456789012:task-definition/cloudcrew-phase:7"
    subnet_ids            = ["subnet-a", "subnet-b"]
    security_group_id     = "sg-a"
    review_function_arn   = "arn:aws:lambda:eu-west-1:123456789012:function:review"
    request_function_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:request"
    finalize_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:finalize"
    ended_function_arn    = "arn:aws:lambda:eu-west-1:123456789012:function:ended"
  }
  task_role_arns = ["arn:aws:iam::123456789012:role/phase", "arn:aws:iam::123456789012:role/phase-start"]
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
        "Subnets.$"    = "States.StringSplit('subnet-a,subnet-b', ',')"
        SecurityGroups = ["sg-a"]
        AssignPublicIp = "DISABLED"
      }
    }
    error_message = "The container does not run in the subnets that were named."
  }
  assert {
    condition = alltrue([
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.swarm"].Parameters.Cluster == var.bindings.cluster_arn,
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.swarm"].Parameters.TaskDefinition == var.bindings.task_definition_arn,
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.review"].Parameters.FunctionName == var.bindings.review_function_arn,
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["discovery.gate"].Parameters.FunctionName == var.bindings.request_function_arn,
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["finalize"].Parameters.FunctionName == var.bindings.finalize_function_arn,
      jsondecode(aws_sfn_state_machine.workflow["delivery"].definition).States["failed.record"].Parameters.FunctionName == var.bindings.ended_function_arn,
    ])
    error_message = "A state calls something else than what was named."
  }
}

run "the_role_may_do_what_the_machine_does_and_nothing_else" {
  command = apply

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.state_machine.policy).Statement :
      statement.Action if statement.Sid != "Logs"
    ])) == var.iam_actions.state_machine
    error_message = "The role's actions are not those that were generated."
  }
  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.state_machine.policy).Statement :
      statement.Sid => statement.Resource if statement.Sid == "Functions"
      } == { Functions = [
        var.bindings.ended_function_arn,
        var.bindings.finalize_function_arn,
        var.bindings.request_function_arn,
        var.bindings.review_function_arn,
    ] }
    error_message = "The role may invoke other functions than the machine does."
  }
}

run "variables_are_those_of_the_definitions" {
  command = plan

  assert {
    condition     = var.phases["discovery"].gate && var.phases["discovery"].max_revisions == 3 && var.phases["discovery"].expires_after_seconds == null
    error_message = "discovery has a gate with three revisions and no expiry."
  }
  assert {
    condition     = !var.phases["retrospective"].gate && var.phases["retrospective"].review_agent == null
    error_message = "retrospective has neither review nor gate."
  }
  assert {
    condition = alltrue([for phase in values(var.phases) :
      contains(phase.agents, phase.entry) && phase.task_timeout_seconds > phase.execution_timeout_seconds &&
      phase.heartbeat_seconds < phase.task_timeout_seconds && alltrue([for agent in phase.agents : contains(keys(var.agents), agent)])
    ])
    error_message = "A phase's limits or members contradict each other."
  }
  assert {
    condition     = alltrue([for agent in values(var.agents) : contains(keys(var.models), agent.model)])
    error_message = "An agent has a model that is not described."
  }
}

run "a_module_of_another_engine_is_refused" {
  command = plan
  variables {
    placeholders = ["cluster_arn"]
  }
  expect_failures = [aws_sfn_state_machine.workflow]
}
