# The dashboard: its files in a bucket that only CloudFront reads, and the HTTP interface at the same address, so that the
# session cookie belongs to both and nothing is shared with other sites.

locals {
  dashboard = var.create_dashboard ? 1 : 0
  dist      = var.dashboard_files
  # What `npm run build` made; a `.br` beside a file is for `cloudcrew serve`, and CloudFront compresses by itself.
  pages = var.create_dashboard ? toset([for file in fileset(local.dist, "**") : file if !endswith(file, ".br")]) : []
  media_types = {
    html = "text/html; charset=utf-8", js = "text/javascript; charset=utf-8", css = "text/css; charset=utf-8", svg = "image/svg+xml",
  }

  # Where browsers reach the deployment.
  public_url = var.create_dashboard ? "https://${aws_cloudfront_distribution.dashboard[0].domain_name}" : aws_apigatewayv2_api.this.api_endpoint

  # AWS managed policies: cache nothing; cache as the origin says; pass everything on except the host.
  uncached         = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  cached           = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_but_the_host = "b689b0a8-53d0-40ab-baf2-38738e2966ac"

  # The same policies as in engine/api/src/pages.rs, with the address of live events.
  page_policy = join("; ", [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:",
    join(" ", compact(["connect-src 'self'", local.live == 0 ? "" : trimsuffix(aws_apigatewayv2_stage.live[0].invoke_url, "/${local.live_stage}"),
    "https://${aws_s3_bucket.uploads.bucket_regional_domain_name}"])),
    "font-src 'self'", "worker-src 'self'", "frame-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
    "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
  ])
  frame_policy = join("; ", [
    "sandbox allow-scripts", "default-src 'none'", "script-src 'self'", "style-src 'unsafe-inline'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'self'",
  ])

  # Paths of the dashboard, and how they are answered; all others are the HTTP interface.
  page_paths = {
    "/"            = { cache = local.uncached, headers = "pages" }
    "/app"         = { cache = local.uncached, headers = "pages" }
    "/app/*"       = { cache = local.uncached, headers = "pages" }
    "/favicon.svg" = { cache = local.cached, headers = "pages" }
    "/assets/*"    = { cache = local.cached, headers = "assets" }
    "/frame/*"     = { cache = local.uncached, headers = "frame" }
  }
}

resource "aws_s3_bucket" "dashboard" {
  #checkov:skip=CKV_AWS_18:The files are public; CloudFront alone reads them.
  #checkov:skip=CKV_AWS_21:A build replaces the files, and the next deployment uploads them again.
  #checkov:skip=CKV_AWS_144:The next deployment uploads them again.
  #checkov:skip=CKV_AWS_145:The files are public, and CloudFront needs no key to read them.
  #checkov:skip=CKV2_AWS_61:The files are few, and Terraform removes those of the last build.
  #checkov:skip=CKV2_AWS_62:Nothing needs to react to writes.
  count         = local.dashboard
  bucket        = "${var.name}-dashboard-${local.account}"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "dashboard" {
  count                   = local.dashboard
  bucket                  = aws_s3_bucket.dashboard[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "dashboard" {
  count  = local.dashboard
  bucket = aws_s3_bucket.dashboard[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyTheDistribution"
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Resource  = "${aws_s3_bucket.dashboard[0].arn}/*"
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.dashboard[0].arn } }
      }, {
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Action    = "s3:*"
      Principal = "*"
      Resource  = [aws_s3_bucket.dashboard[0].arn, "${aws_s3_bucket.dashboard[0].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_object" "page" {
  for_each      = local.pages
  bucket        = aws_s3_bucket.dashboard[0].id
  key           = each.value
  source        = "${local.dist}/${each.value}"
  source_hash   = filemd5("${local.dist}/${each.value}")
  content_type  = lookup(local.media_types, reverse(split(".", each.value))[0], "application/octet-stream")
  cache_control = startswith(each.value, "assets/") ? "public, max-age=31536000, immutable" : "no-store"
}

# Pages send files to the bucket of uploads by a signed form, and read large ones from there.
resource "aws_s3_bucket_cors_configuration" "uploads" {
  count  = local.dashboard
  bucket = aws_s3_bucket.uploads.id
  cors_rule {
    allowed_methods = ["GET", "POST"]
    allowed_origins = [local.public_url]
    allowed_headers = ["*"]
    max_age_seconds = 3600
  }
}

resource "aws_cloudfront_origin_access_control" "dashboard" {
  count                             = local.dashboard
  name                              = "${var.name}-dashboard"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Every page path returns the same document, which does its own routing.
resource "aws_cloudfront_function" "index" {
  count   = local.dashboard
  name    = "${var.name}-index"
  runtime = "cloudfront-js-2.0"
  comment = "Answers each address of the pages with index.html"
  publish = true
  code    = "function handler(event) { event.request.uri = '/index.html'; return event.request; }"
}

resource "aws_cloudfront_response_headers_policy" "dashboard" {
  for_each = var.create_dashboard ? { pages = local.page_policy, assets = local.page_policy, frame = local.frame_policy } : {}
  name     = "${var.name}-${each.key}"

  security_headers_config {
    content_security_policy {
      content_security_policy = each.value
      override                = true
    }
    content_type_options {
      override = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      preload                    = true
      override                   = true
    }
  }

  custom_headers_config {
    items {
      header   = "Cross-Origin-Opener-Policy"
      value    = "same-origin"
      override = true
    }
    # The frame that draws diagrams has an origin of its own, from which it loads its script.
    items {
      header   = "Cross-Origin-Resource-Policy"
      value    = each.key == "assets" ? "cross-origin" : "same-origin"
      override = true
    }
    items {
      header   = "Permissions-Policy"
      value    = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
      override = true
    }
  }
}

resource "aws_cloudfront_distribution" "dashboard" {
  #checkov:skip=CKV_AWS_68:The gateway limits requests, and nothing but the login is open to strangers; add a firewall to the distribution if you need one.
  #checkov:skip=CKV2_AWS_47:See above.
  #checkov:skip=CKV_AWS_86:The gateway logs every request of the interface; the files are public.
  #checkov:skip=CKV_AWS_174:Without a domain of your own, CloudFront's certificate and its protocols apply.
  #checkov:skip=CKV2_AWS_42:Without a domain of your own, CloudFront's certificate applies.
  #checkov:skip=CKV_AWS_310:There is one interface and one bucket.
  #checkov:skip=CKV_AWS_305:A function answers `/` with the page, like each other address of the pages.
  #checkov:skip=CKV_AWS_374:Customers may be anywhere.
  #checkov:skip=CKV2_AWS_32:Headers of the interface are its own; those of the pages have a policy each.
  count           = local.dashboard
  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  price_class     = "PriceClass_100"

  origin {
    origin_id                = "files"
    domain_name              = aws_s3_bucket.dashboard[0].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.dashboard[0].id
  }

  origin {
    origin_id   = "interface"
    domain_name = trimprefix(aws_apigatewayv2_api.this.api_endpoint, "https://")
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id         = "interface"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods           = ["GET", "HEAD"]
    compress                 = true
    cache_policy_id          = local.uncached
    origin_request_policy_id = local.all_but_the_host
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.page_paths
    content {
      path_pattern               = ordered_cache_behavior.key
      target_origin_id           = "files"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = ordered_cache_behavior.value.cache
      response_headers_policy_id = aws_cloudfront_response_headers_policy.dashboard[ordered_cache_behavior.value.headers].id

      dynamic "function_association" {
        for_each = contains(["/", "/app", "/app/*"], ordered_cache_behavior.key) ? [1] : []
        content {
          event_type   = "viewer-request"
          function_arn = aws_cloudfront_function.index[0].arn
        }
      }
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }

  lifecycle {
    precondition {
      condition     = contains(local.pages, "index.html")
      error_message = "The dashboard is not built: run `make dashboard` first, or set `create_dashboard = false`."
    }
  }
}
