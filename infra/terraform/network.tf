# Network of the phases: outbound connections only.

locals {
  makes_network = var.network == null
  zones         = [for letter in var.zones : "${var.aws_region}${letter}"]
  is_public     = local.makes_network && local.egress == "public_ip"
  # AWS services that phases and functions reach through VPC endpoints when the network has no way out.
  inside = local.makes_network && local.egress == "none" ? toset([
    "bedrock-runtime", "cognito-idp", "ecr.api", "ecr.dkr", "kms", "lambda", "logs", "scheduler", "secretsmanager", "states",
  ]) : toset([])
  subnet_ids = local.makes_network ? aws_subnet.phases[*].id : var.network.subnet_ids
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:Nothing listens in this network; what a phase does is in its journal.
  count                = local.makes_network ? 1 : 0
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = var.name }
}

resource "aws_default_security_group" "this" {
  count  = local.makes_network ? 1 : 0
  vpc_id = aws_vpc.this[0].id
}

resource "aws_subnet" "phases" {
  count             = local.makes_network ? 2 : 0
  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, count.index)
  tags              = { Name = "${var.name}-phases-${count.index}" }
}

resource "aws_subnet" "public" {
  count             = local.makes_network && local.egress == "nat" ? 1 : 0
  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zones[0]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, 8)
  tags              = { Name = "${var.name}-public" }
}

resource "aws_internet_gateway" "this" {
  count  = local.makes_network && local.egress != "none" ? 1 : 0
  vpc_id = aws_vpc.this[0].id
}

resource "aws_eip" "nat" {
  #checkov:skip=CKV2_AWS_19:It is attached to the NAT gateway below.
  count  = local.makes_network && local.egress == "nat" ? 1 : 0
  domain = "vpc"
}

resource "aws_nat_gateway" "this" {
  count         = local.makes_network && local.egress == "nat" ? 1 : 0
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[0].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  count  = local.makes_network && local.egress == "nat" ? 1 : 0
  vpc_id = aws_vpc.this[0].id
}

resource "aws_route" "public" {
  count                  = local.makes_network && local.egress == "nat" ? 1 : 0
  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count          = local.makes_network && local.egress == "nat" ? 1 : 0
  route_table_id = aws_route_table.public[0].id
  subnet_id      = aws_subnet.public[0].id
}

resource "aws_route_table" "phases" {
  count  = local.makes_network ? 1 : 0
  vpc_id = aws_vpc.this[0].id
}

resource "aws_route" "phases" {
  #checkov:skip=CKV2_AWS_44:It leads to the gateway of this network, not to another network.
  count                  = local.makes_network && local.egress != "none" ? 1 : 0
  route_table_id         = aws_route_table.phases[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = local.is_public ? aws_internet_gateway.this[0].id : null
  nat_gateway_id         = local.is_public ? null : aws_nat_gateway.this[0].id
}

resource "aws_route_table_association" "phases" {
  count          = local.makes_network ? 2 : 0
  route_table_id = aws_route_table.phases[0].id
  subnet_id      = aws_subnet.phases[count.index].id
}

resource "aws_vpc_endpoint" "gateway" {
  for_each          = local.makes_network ? toset(["dynamodb", "s3"]) : toset([])
  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${var.aws_region}.${each.value}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.phases[*].id
}

resource "aws_vpc_endpoint" "inside" {
  for_each            = local.inside
  vpc_id              = aws_vpc.this[0].id
  service_name        = "com.amazonaws.${var.aws_region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.phases[*].id
  security_group_ids  = aws_security_group.endpoints[*].id
  private_dns_enabled = true
}

resource "aws_security_group" "endpoints" {
  count       = length(local.inside) > 0 ? 1 : 0
  name        = "${var.name}-endpoints"
  description = "AWS service endpoints, for phases and functions"
  vpc_id      = aws_vpc.this[0].id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count                        = length(local.inside) > 0 ? 1 : 0
  description                  = "Phases and functions"
  security_group_id            = aws_security_group.endpoints[0].id
  referenced_security_group_id = aws_security_group.phases.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "phases" {
  #checkov:skip=CKV2_AWS_5:The state machine attaches it to each phase that it starts.
  name        = "${var.name}-phases"
  description = "Phases: outbound connections only"
  vpc_id      = local.makes_network ? aws_vpc.this[0].id : var.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  description       = "HTTPS: services of AWS, Git hosts, webhooks"
  security_group_id = aws_security_group.phases.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "ssh" {
  description       = "SSH: Git hosts"
  security_group_id = aws_security_group.phases.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}
