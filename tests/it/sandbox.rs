//! Programs run in a sandbox: what they need is there, and nothing else of this machine.

use std::path::Path;
use std::time::Duration;

use crate::support::root;
use cloudcrew_local::program::Sandbox;
use cloudcrew_ports::program::{Job, JobFile, Limits, ProgramEnd, ProgramFault, Programs, Ran};

/// The sandbox; `None` where none can be made. A gate that has one sets `CLOUDCREW_NEEDS_SANDBOX`.
pub async fn sandbox() -> Option<Sandbox> {
    let sandbox = Sandbox::new(Vec::new(), Path::new(env!("CARGO_BIN_EXE_cloudcrew")).to_owned());
    match sandbox.find("true").await {
        Err(ProgramFault::NoSandbox(why)) => {
            assert!(std::env::var_os("CLOUDCREW_NEEDS_SANDBOX").is_none(), "no sandbox: {why}");
            eprintln!("not tried: {why}");
            None
        }
        _ => Some(sandbox),
    }
}

fn job(program: &str, arguments: &[&str]) -> Job {
    Job {
        program: program.into(),
        arguments: arguments.iter().map(|&a| a.into()).collect(),
        folder: String::new(),
        files: Vec::new(),
        environment: Vec::new(),
        limits: Limits { time: Duration::from_secs(20), ..Limits::default() },
    }
}

fn file(path: &str, content: &str) -> JobFile {
    JobFile { path: path.into(), content: content.into() }
}

fn said(ran: &Ran) -> String {
    let said = [ran.output.as_slice(), ran.errors.as_slice()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_program_finds_its_files_and_returns_what_it_changed() {
    let Some(sandbox) = sandbox().await else { return };
    let script = "cat a/in.txt; echo new > a/out.txt; echo other > b.txt; rm c.txt; \
                  ln -s /etc/passwd link; mkdir -p node_modules; echo x > node_modules/x; \
                  chmod 0 e; exit 3";
    let files = ["a/in.txt", "b.txt", "c.txt", "d.txt", "e/hidden.txt"]
        .map(|path| file(path, "as it was\n"));
    let asked = Job { files: files.to_vec(), ..job("sh", &["-c", script]) };
    let ran = sandbox.run(asked).await.expect("it runs");
    assert_eq!((&ran.end, said(&ran).as_str()), (&ProgramEnd::Exited(3), "as it was\n"));
    let changed: Vec<(&str, Option<&[u8]>)> =
        ran.changed.iter().map(|c| (c.path.as_str(), c.content.as_deref())).collect();
    let wanted: [(&str, Option<&[u8]>); 3] =
        [("a/out.txt", Some(b"new\n")), ("b.txt", Some(b"other\n")), ("c.txt", None)];
    assert_eq!(changed, wanted);
    assert_eq!(ran.left_out, 1, "the link");
}

/// What the probes look for, with what must be reached outside.
struct World {
    json: serde_json::Value,
    _folder: tempfile::TempDir,
    process: std::process::Child,
    _tcp: [std::net::TcpListener; 2],
    _unix: [std::os::unix::net::UnixListener; 2],
}

impl World {
    fn new() -> World {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::net::{SocketAddr, UnixListener};
        let folder = tempfile::tempdir().expect("it works");
        let at = |name: &str| folder.path().join(name).to_str().expect("it works").to_owned();
        for name in ["secret", "workspace", "home"] {
            std::fs::write(at(name), "x").expect("it works");
        }
        let name = format!("cloudcrew-{}", std::process::id());
        let abstracted = SocketAddr::from_abstract_name(&name).expect("it works");
        let unix = [UnixListener::bind_addr(&abstracted), UnixListener::bind(at("socket"))];
        let unix = unix.map(|listener| listener.expect("a socket"));
        let tcp =
            ["127.0.0.1:0", "[::1]:0"].map(|at| std::net::TcpListener::bind(at).expect("it works"));
        let port = |n: usize| tcp[n].local_addr().expect("it works").port();
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("it works");
        let echo = udp.local_addr().expect("it works").port();
        std::thread::spawn(move || {
            let mut bytes = [0; 8];
            while let Ok((_, from)) = udp.recv_from(&mut bytes) {
                let _ = udp.send_to(b"x", from);
            }
        });
        let process = std::process::Command::new("sleep").arg("300").env("MARK", &name).spawn();
        let process = process.expect("it works");
        let json = serde_json::json!({
            "secret_file": at("secret"), "workspace_file": at("workspace"), "home_file": at("home"),
            "process": process.id(), "mark": name, "udp": ["127.0.0.1", echo],
            "tcp": { "loopback": ["127.0.0.1", port(0)], "loopback 6": ["::1", port(1)],
                "metadata": ["169.254.169.254", 80], "metadata 6": ["fd00:ec2::254", 80],
                "task metadata": ["169.254.170.2", 80], "a private address": ["10.0.0.1", 80],
                "a public address": ["1.1.1.1", 443], "a name server": ["8.8.8.8", 53] },
            "unix": { "abstract": format!("@{name}"), "file": at("socket"),
                "docker": "/var/run/docker.sock", "docker 2": "/run/docker.sock",
                "containerd": "/run/containerd/containerd.sock",
                "D-Bus": "/run/dbus/system_bus_socket",
                "systemd": "/run/systemd/private", "X": "@/tmp/.X11-unix/X0" },
        });
        World { json, _folder: folder, process, _tcp: tcp, _unix: unix }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Name, level and outcome of each probe.
fn outcomes(text: &str) -> Vec<[String; 3]> {
    let rows = text.lines().filter_map(|line| {
        let parts: Vec<String> = line.split('\t').map(str::to_owned).collect();
        parts.try_into().ok()
    });
    rows.collect()
}

#[tokio::test]
async fn nothing_of_this_machine_is_reached_from_the_sandbox() {
    let Some(sandbox) = sandbox().await else { return };
    let world = World::new();
    let probes =
        std::fs::read_to_string(root().join("tests/cases/sandbox/probes.py")).expect("it works");
    let files = vec![file("probes.py", &probes), file("world.json", &world.json.to_string())];
    let asked = Job { files: files.clone(), ..job("python3", &["probes.py", "inside"]) };
    let ran = match sandbox.run(asked).await {
        Err(ProgramFault::Missing(program)) => return eprintln!("not tried: no {program}"),
        ran => ran.expect("it runs"),
    };
    assert_eq!(ran.end, ProgramEnd::Exited(0), "{}", said(&ran));
    let inside = outcomes(&said(&ran));
    assert!(inside.len() >= 160, "{} probes: {}", inside.len(), said(&ran));
    let reached: Vec<_> = inside.iter().filter(|[_, _, outcome]| outcome == "reached").collect();
    assert!(reached.is_empty(), "{reached:#?}");

    // The same probes reach their targets outside, so it is the sandbox that blocks them.
    let folder = tempfile::tempdir().expect("it works");
    for JobFile { path, content } in &files {
        std::fs::write(folder.path().join(path), content).expect("it works");
    }
    let mut control = std::process::Command::new("/usr/bin/python3");
    control.args(["probes.py", "outside"]).current_dir(folder.path());
    let control = control.env("CLOUDCREW_PROBE_SECRET", "x").output().expect("Python");
    let is_root = rustix::process::geteuid().is_root();
    let blocked: Vec<_> = outcomes(&String::from_utf8_lossy(&control.stdout))
        .into_iter()
        .filter(|[_, level, outcome]| outcome != "reached" && (level == "any" || is_root))
        .collect();
    assert!(blocked.is_empty(), "{blocked:#?}");
}

/// Number of processes of this machine whose command line contains a mark.
fn alive(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("it works").flatten();
    let marked = processes.filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(mark)
    });
    marked.count()
}

#[tokio::test]
async fn whatever_a_program_does_it_ends_at_its_limits_and_leaves_nothing_alive() {
    let Some(sandbox) = sandbox().await else { return };
    let limits = Limits {
        time: Duration::from_secs(3),
        processor: 1,
        memory: 200 << 20,
        processes: 40,
        disk: 32 << 20,
    };
    let bombs = [
        ("sleeps", "sleep 60", "3 s"),
        ("computes", "while :; do :; done", "1 s of processor time"),
        ("ignores signals", "trap '' TERM INT HUP XCPU; sleep 60 & wait; sleep 60", "3 s"),
        ("stops the helper", "kill -STOP 1 $PPID; kill -KILL 1 $PPID; sleep 60", "3 s"),
        ("forks", "f() { f | f & }; f; sleep 60", ""),
        ("leaves orphans", "for i in 1 2 3; do (setsid sleep 60 &) ; done; exit 0", "exits"),
        ("grows", "python3 -c 'x = [bytes(8 << 20) for _ in range(1000)]'", ""),
        (
            "grows in parts",
            "for i in 1 2 3 4 5 6; do python3 -c 'import time; \
            x = b\"x\" * (60 << 20); time.sleep(9)' & done; wait",
            "200 MiB of memory",
        ),
        (
            "shares memory",
            "python3 -c 'import mmap; m = mmap.mmap(-1, 900 << 20); \
            [m.__setitem__(i, 1) for i in range(0, 900 << 20, 4096)]'",
            "200 MiB of memory",
        ),
        ("fills the disk", "dd if=/dev/zero of=big bs=1M count=900", ""),
        (
            "fills it elsewhere",
            "for d in /tmp /dev/shm /etc / /dev /var; do dd if=/dev/zero \
            of=$d/big bs=1M count=900; done",
            "",
        ),
        ("makes files", "i=0; while :; do i=$((i + 1)); : > f$i; done", ""),
        ("prints", "yes", ""),
        ("opens files", "python3 -c 'x = [open(\"/dev/null\") for _ in range(5000)]'", "fails"),
        (
            "nests folders",
            "i=0; while [ $i -lt 3000 ]; do mkdir d && cd d || exit 1; \
            i=$((i + 1)); done",
            "",
        ),
    ];
    for (number, (what, script, wanted)) in bombs.into_iter().enumerate() {
        let mark = format!("cloudcrew-bomb-{}-{number}", std::process::id());
        let script = format!(": {mark}; {script}");
        let began = std::time::Instant::now();
        let ran = sandbox.run(Job { limits, ..job("sh", &["-c", &script]) }).await.expect(what);
        let took = began.elapsed();
        match wanted {
            "" => {}
            "exits" => assert_eq!(ran.end, ProgramEnd::Exited(0), "{what}"),
            "fails" => assert_eq!(ran.end, ProgramEnd::Exited(1), "{what}"),
            limit => assert_eq!(ran.end, ProgramEnd::Exceeded(limit.into()), "{what}: {ran:?}"),
        }
        assert!(took < Duration::from_secs(20), "{what} took {took:?}");
        assert!(ran.output.len() + ran.errors.len() < 9 << 20, "{what}");
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(alive(&mark), 0, "{what}: something is alive");
        eprintln!("{what}: {:?} in {took:?}", ran.end);
    }
}

#[tokio::test]
async fn a_job_that_is_not_waited_for_ends() {
    let Some(sandbox) = sandbox().await else { return };
    let mark = format!("cloudcrew-left-{}", std::process::id());
    let script = format!(": {mark}; sleep 60");
    let asked = job("sh", &["-c", &script]);
    let running = tokio::spawn(async move { sandbox.run(asked).await });
    let mut seen = false;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        seen |= alive(&mark) > 0;
        if seen {
            break;
        }
    }
    assert!(seen, "it has started");
    running.abort();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn what_ordinary_programs_need_works() {
    let Some(sandbox) = sandbox().await else { return };
    let path = root().join("tests/cases/sandbox/ordinary.py");
    let python = &std::fs::read_to_string(path).expect("a script");
    for (program, arguments, wanted) in [
        ("python3", ["-c", python], "fine\n"),
        (
            "node",
            ["-e", "require('child_process').execSync('true'); console.log('fine')"],
            "fine\n",
        ),
        ("git", ["-C", "/tmp"], ""),
    ] {
        match sandbox.run(job(program, &arguments)).await {
            Err(ProgramFault::Missing(_)) => eprintln!("not tried: no {program}"),
            ran => {
                let ran = ran.expect("it runs");
                assert!(said(&ran).starts_with(wanted), "{program}: {:?} {}", ran.end, said(&ran));
            }
        }
    }
}

#[tokio::test]
async fn jobs_that_make_no_sense_are_refused() {
    let Some(sandbox) = sandbox().await else { return };
    for program in ["", "/bin/sh", "../sh", "a b", "sh\0", "-c", ".x", &"x".repeat(65)] {
        let refused = sandbox.run(job(program, &[])).await;
        assert!(matches!(refused, Err(ProgramFault::Refused(_))), "{program:?}: {refused:?}");
    }
    let missing = sandbox.run(job("no-such-program", &[])).await;
    assert_eq!(missing, Err(ProgramFault::Missing("no-such-program".into())));
    for path in ["../x", "/x", "a/../../x", "a//b", "a/.git/config", ""] {
        let asked = Job { files: vec![file(path, "x")], ..job("true", &[]) };
        let refused = sandbox.run(asked).await;
        assert!(matches!(refused, Err(ProgramFault::Refused(_))), "{path:?}: {refused:?}");
    }
    let asked = Job { folder: "nowhere".into(), ..job("true", &[]) };
    assert!(matches!(sandbox.run(asked).await, Err(ProgramFault::Refused(_))));
    assert!(matches!(sandbox.run(job("true", &["a\0b"])).await, Err(ProgramFault::Refused(_))));
}
