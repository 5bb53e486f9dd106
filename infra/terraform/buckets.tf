# Blobs by digest, with the definitions that new engagements are pinned to; files that people send, which are read once; and the
# files of patterns.

resource "aws_s3_bucket" "blobs" {
  #checkov:skip=CKV_AWS_18:Only the engine accesses it, and CloudTrail can record the calls.
  #checkov:skip=CKV_AWS_144:A blob is only of use beside its journal, which is in one region.
  #checkov:skip=CKV2_AWS_62:Nothing needs to react to writes.
  bucket        = "${var.name}-blobs-${local.account}"
  force_destroy = !local.is_prod
}

resource "aws_s3_bucket" "uploads" {
  #checkov:skip=CKV_AWS_18:Only the engine and its signed forms access it, and CloudTrail can record the calls.
  #checkov:skip=CKV_AWS_144:A file is read within minutes and removed after a day.
  #checkov:skip=CKV_AWS_21:A file is written once and removed after a day.
  #checkov:skip=CKV2_AWS_62:Nothing needs to react to writes.
  bucket        = "${var.name}-uploads-${local.account}"
  force_destroy = true
}

resource "aws_s3_bucket" "patterns" {
  #checkov:skip=CKV_AWS_18:Only the engine accesses it, and CloudTrail can record the calls.
  #checkov:skip=CKV_AWS_144:A pattern is only of use beside its rows in the table, which is in one region.
  #checkov:skip=CKV2_AWS_62:Nothing needs to react to writes.
  bucket        = "${var.name}-patterns-${local.account}"
  force_destroy = !local.is_prod
}

locals {
  buckets = { blobs = aws_s3_bucket.blobs, patterns = aws_s3_bucket.patterns, uploads = aws_s3_bucket.uploads }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.buckets
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = { for name, bucket in local.buckets : name => bucket if name != "uploads" }
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.this.arn
      sse_algorithm     = "aws:kms"
    }
    bucket_key_enabled = true
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  bucket = aws_s3_bucket.uploads.id

  rule {
    id     = "read"
    status = "Enabled"
    filter {}
    expiration {
      days = 1
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "patterns" {
  bucket = aws_s3_bucket.patterns.id

  rule {
    id     = "left-over"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "blobs" {
  bucket = aws_s3_bucket.blobs.id

  rule {
    id     = "left-over"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Blobs are never removed: a journal that names one may be read for years. They move to where keeping costs least.
  rule {
    id     = "old"
    status = "Enabled"
    filter {
      prefix = "blobs/"
    }
    transition {
      days          = 30
      storage_class = "INTELLIGENT_TIERING"
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets
  bucket   = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Action    = "s3:*"
      Principal = "*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

moved {
  from = aws_s3_bucket_versioning.blobs
  to   = aws_s3_bucket_versioning.this["blobs"]
}

locals {
  definition = "${path.module}/definition.json"
}

# The bytes that new engagements are pinned to. Each engagement keeps a blob of its own, so that these may be replaced.
resource "aws_s3_object" "definition" {
  bucket       = aws_s3_bucket.blobs.id
  key          = "definitions/${filesha256(local.definition)}"
  source       = local.definition
  content_type = "application/json"

  lifecycle {
    create_before_destroy = true
    precondition {
      condition     = filesha256(local.definition) == var.definition_hash
      error_message = "definition.json and crew.auto.tfvars.json come from different runs of `cloudcrew generate`; run it again."
    }
  }
}

# Who is notified of what.
resource "aws_s3_object" "notify" {
  count        = var.notify_file == null ? 0 : 1
  bucket       = aws_s3_bucket.blobs.id
  key          = "notify/${filesha256(var.notify_file)}"
  source       = var.notify_file
  content_type = "application/json"

  lifecycle {
    create_before_destroy = true
    precondition {
      condition     = can(jsondecode(file(var.notify_file)))
      error_message = "`notify_file` is not JSON."
    }
    precondition {
      condition     = local.egress != "none"
      error_message = "Without internet access, nobody can be notified: remove `notify_file`, or set another `egress`."
    }
  }
}
