//! Embeds the dashboard again when it was built again.

fn main() {
    println!("cargo::rerun-if-changed=dist");
}
