//! Files that are sent before an engagement starts.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use cloudcrew_sow::Format;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::OfWriter;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// Maximum bytes of a file.
pub(crate) const MAX_UPLOAD: usize = 20 * 1024 * 1024;

/// A stored file.
#[derive(Serialize, ToSchema)]
pub(crate) struct Upload {
    /// Its id: pass it as `sow.upload` when you start an engagement.
    upload: String,
    /// Its size in bytes.
    bytes: usize,
    /// Its type, from its content.
    media_type: String,
}

/// Stores a statement of work: text, Word, PDF, HTML or mail. The id is chosen by its content.
#[utoipa::path(post, path = "/uploads",
    operation_id = "upload", tag = "engagements",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Upload), OfWriter))]
pub(crate) async fn upload(
    State(app): State<App>,
    _: Caller,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    let body = body.map_err(|rejection| {
        let kind = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            _ => Kind::Malformed,
        };
        Problem::new(kind, format!("a file has at most {MAX_UPLOAD} bytes"))
    })?;
    if body.is_empty() {
        return Err(Problem::new(Kind::Invalid, "the file is empty"));
    }
    let media_type = Format::media_type(&body).ok_or_else(|| {
        let detail = "the file is not text, Word, PDF, HTML or mail";
        Problem::new(Kind::Invalid, detail)
    })?;
    let upload = app.ports().blobs.put(&body).await?;
    let media_type = media_type.to_owned();
    Ok((StatusCode::CREATED, Json(Upload { upload, bytes: body.len(), media_type })))
}
