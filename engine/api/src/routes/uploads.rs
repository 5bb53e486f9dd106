//! Files that are sent before an engagement starts.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
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

/// Stores a statement of work: Markdown or plain text in UTF-8. The id is chosen by its content.
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
    // What the sender says of the type is not believed.
    let is_text = std::str::from_utf8(&body).is_ok_and(|text| !text.contains('\0'));
    if !is_text {
        return Err(Problem::new(Kind::Invalid, "the file is not text in UTF-8"));
    }
    let upload = app.ports().blobs.put(&body).await?;
    let media_type = "text/plain; charset=utf-8".to_owned();
    Ok((StatusCode::CREATED, Json(Upload { upload, bytes: body.len(), media_type })))
}
