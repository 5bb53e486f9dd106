//! Runs a command in a separate process, with the kernel's measurements.

use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cloudcrew_benches::{measured_cpu, peak_of_children_kib};
use serde_json::{Value, json};

/// Measurements and output of a command.
pub struct Child {
    /// Start time, in seconds since 1970.
    pub began: f64,
    /// Seconds from start to end.
    pub wall: f64,
    /// User and system time in seconds.
    pub cpu: f64,
    /// Largest resident set in MB.
    pub peak: f64,
    /// The JSON that it printed; null if it failed.
    pub said: Value,
    /// The end of its standard error.
    pub complaint: String,
}

/// Runs a command through another process of this program, whose only child it is.
pub fn run(command: &Command) -> Child {
    let mut between = Command::new(std::env::current_exe().expect("this program"));
    between.arg("measure").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => between.env(name, value),
            None => between.env_remove(name),
        };
    }
    let output = between.stderr(Stdio::inherit()).output().expect("it starts");
    let figures: Value = serde_json::from_slice(&output.stdout).expect("figures");
    let number = |name: &str| figures[name].as_f64().expect("a number");
    Child {
        began: number("began"),
        wall: number("wall"),
        cpu: number("cpu"),
        peak: number("peak_kib") * 1024.0 / 1e6,
        said: figures["said"].clone(),
        complaint: figures["complaint"].as_str().unwrap_or_default().to_owned(),
    }
}

/// The other side of [`run`].
pub fn measure(words: &[String]) {
    let began = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let start = Instant::now();
    let output =
        Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).output().expect("it starts");
    let wall = start.elapsed().as_secs_f64();
    let said: Value = if output.status.success() {
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    } else {
        Value::Null
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint: String =
        complaint.chars().skip(complaint.chars().count().saturating_sub(600)).collect();
    let figures = json!({
        "began": began, "wall": wall, "cpu": measured_cpu().as_secs_f64(),
            "peak_kib": peak_of_children_kib(),
        "said": said, "complaint": complaint,
    });
    println!("{figures}");
}
