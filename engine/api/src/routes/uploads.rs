//! Files that are sent before an engagement starts.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_definition::digest::sha256;
use cloudcrew_sow::Format;
use cloudcrew_views::api::Time;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::OfWriter;
use crate::access::Caller;
use crate::app::{App, UploadForm};
use crate::problem::{Kind, Problem};

/// Maximum bytes of a file.
pub const MAX_UPLOAD: usize = 20 * 1024 * 1024;

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

/// Where to send a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadPlace {
    /// Its id: pass it as `sow.upload` once the file is sent.
    upload: String,
    /// The form to send it with.
    form: UploadForm,
    /// When the form expires.
    expires: Time,
}

/// Stores a statement of work: text, Word, PDF, HTML or mail. The id is chosen by its content.
///
/// Without a body, a deployment that takes no large requests replies with a form instead: send the
/// file to its URL as `multipart/form-data`, the fields first and the file last, as `file`.
#[utoipa::path(post, path = "/uploads",
    operation_id = "upload", tag = "engagements",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = Upload),
        (status = 200, description = "Where to send it", body = UploadPlace), OfWriter))]
pub(crate) async fn upload(
    State(app): State<App>,
    _: Caller,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| {
        let kind = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            _ => Kind::Malformed,
        };
        Problem::new(kind, format!("a file has at most {MAX_UPLOAD} bytes"))
    })?;
    if body.is_empty() {
        let Some(uploads) = &app.ports().files else {
            return Err(Problem::new(Kind::Invalid, "the file is empty"));
        };
        // Has the length of a digest, and cannot be guessed.
        let upload = sha256((app.ports().secret)().as_bytes());
        let form = uploads.place(&upload, MAX_UPLOAD).await?;
        let expires = Time(form.until);
        return Ok(Json(UploadPlace { upload, form, expires }).into_response());
    }
    let media_type = Format::media_type(&body).ok_or_else(|| {
        let detail = "the file is not text, Word, PDF, HTML or mail";
        Problem::new(Kind::Invalid, detail)
    })?;
    let upload = app.ports().blobs.put(&body).await?;
    let media_type = media_type.to_owned();
    let stored = Upload { upload, bytes: body.len(), media_type };
    Ok((StatusCode::CREATED, Json(stored)).into_response())
}
