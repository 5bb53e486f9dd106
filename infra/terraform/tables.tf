# One table holds journals, the index, leases, ledgers, receipts, passes and callbacks. Its keys and indexes are those of
# engine/aws/src/store. Billed on demand: apart from storage, it costs nothing while engagements wait.

locals {
  # What lists show of an engagement; the entries are not projected.
  listed = ["engagement", "created", "standing", "waits", "active", "due", "row_seq", "row_hash", "driver"]
  indexes = {
    all     = { partition = "listed", sort = "made" }
    waiting = { partition = "waiting", sort = "made" }
    todo    = { partition = "todo", sort = "todo_at" }
  }
}

resource "aws_dynamodb_table" "projects" {
  name                        = "${var.name}-projects"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  stream_enabled              = true
  stream_view_type            = "KEYS_ONLY"
  deletion_protection_enabled = local.is_prod

  dynamic "attribute" {
    for_each = toset(concat(["PK", "SK"], flatten([for index in local.indexes : [index.partition, index.sort]])))
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes
    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.partition
      range_key          = global_secondary_index.value.sort
      projection_type    = "INCLUDE"
      non_key_attributes = local.listed
    }
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}

# What is kept beyond one engagement, and follows from the journals: figures of engagements, phases, agents and months; notes,
# and the library of patterns. Notes expire.
resource "aws_dynamodb_table" "learned" {
  for_each                    = toset(["memory", "metrics"])
  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = local.is_prod

  dynamic "attribute" {
    for_each = toset(["PK", "SK"])
    content {
      name = attribute.value
      type = "S"
    }
  }

  ttl {
    attribute_name = "expires"
    enabled        = each.key == "memory"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}

moved {
  from = aws_dynamodb_table.metrics
  to   = aws_dynamodb_table.learned["metrics"]
}
