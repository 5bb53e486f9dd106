# The container of a phase: it can write only to its scratch space, and has no privileges.

locals {
  scratch        = "/scratch"
  repository     = split("@", var.image)[0]
  repository_arn = "arn:${local.partition}:ecr:${split(".", local.repository)[3]}:${split(".", local.repository)[0]}:repository/${join("/", slice(split("/", local.repository), 1, length(split("/", local.repository))))}"
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_cloudwatch_log_group" "phase" {
  name              = "/cloudcrew/${var.name}/phase"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_ecs_task_definition" "phase" {
  family                   = "${var.name}-phase"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.container.cpu
  memory                   = var.container.memory
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.program["phase"].arn
  # Machines that engagements keep run the revision that they were generated with.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = "phase"
    image                  = var.image
    command                = ["phase"]
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    privileged             = false
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
    # On SIGTERM, a phase stops after its current step.
    stopTimeout = 120
    mountPoints = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
    environment = [for name in sort(keys(local.phase_environment)) : { name = name, value = local.phase_environment[name] }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.phase.name
        awslogs-region        = var.aws_region
        awslogs-stream-prefix = "phase"
      }
    }
  }])
}
