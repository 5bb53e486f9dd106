//! The dashboard, as the files that a browser loads. `npm run build` makes them; without them, this
//! crate still builds, and holds nothing.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "dist"]
#[allow_missing = true]
struct Dist;

/// A file by its path: `index.html`, `assets/main-1a2b3c.js`. A path that ends with `.br` is the
/// same file, compressed with Brotli.
pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    Some(Dist::get(path)?.data)
}
