#!/usr/bin/env bash
# build.sh FOLDER: makes what the image holds: the engine with everything it needs on AWS, and the certificates that it
# trusts. The image is built with the same script, so that it can be tried without Docker.
set -euo pipefail
out="${1:?folder}"
here="$(cd "$(dirname "$0")/../.." && pwd)"
cargo build --release --locked --features aws --manifest-path "$here/Cargo.toml"
target="$(cargo metadata --format-version 1 --no-deps --offline --manifest-path "$here/Cargo.toml" |
  sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')"
mkdir -p "$out/usr/local/bin" "$out/etc/ssl/certs" "$out/scratch"
install -m 755 "$target/release/cloudcrew" "$out/usr/local/bin/cloudcrew"
cp /etc/ssl/certs/ca-certificates.crt "$out/etc/ssl/certs/ca-certificates.crt"
"$out/usr/local/bin/cloudcrew" --version
