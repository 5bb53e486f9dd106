"""Tries to reach what a sandbox must keep away. Prints one line per probe: name, level, outcome.

Run inside of the sandbox, nothing may be reached. Run outside of it, as a control, probes of the
level "any" must reach their target for every user, and those of the level "root" for root.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import resource
import socket
import sys
import termios

WORLD = json.load(open("world.json"))
LIBC = ctypes.CDLL(None, use_errno=True)
PROBES = []


def probe(name, level, action):
    PROBES.append((name, level, action))


def call(number, *arguments):
    """Makes a system call; an errno of the filter is an error, any other outcome got through."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(argument) for argument in arguments]
    if LIBC.syscall(ctypes.c_long(number), *wide) == -1:
        why = ctypes.get_errno()
        if why in (errno.EPERM, errno.ENOSYS, errno.EACCES):
            raise OSError(why, os.strerror(why))


def apart(action):
    """Runs an action in a process of its own, which it may change or lose."""

    def run():
        child = os.fork()
        if child == 0:
            try:
                action()
            except BaseException:
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise OSError("the process failed")

    return run


def reads(path):
    return lambda: open(path, "rb").read(1)


def lists(path):
    def run():
        if not os.listdir(path):
            raise OSError("empty")

    return run


def writes(path):
    def run():
        with open(path, "ab") as file:
            file.write(b"x")
        os.remove(path)

    return run


def connects(family, address, kind=socket.SOCK_STREAM):
    def run():
        with socket.socket(family, kind) as connection:
            connection.settimeout(1)
            connection.connect(address)
            connection.send(b"x")

    return run


# Files of this machine.
for path in ["secret_file", "workspace_file", "home_file"]:
    probe(f"read the {path}", "any", reads(WORLD[path]))
for path in ["/etc/shadow", "/proc/kcore", "/dev/mem", "/dev/kmsg", "/root/.profile"]:
    probe(f"read {path}", "none", reads(path))
for path in ["/root", "/home", "/var", "/run", "/sys", "/mnt", "/opt", "/srv", "/boot", "/media"]:
    probe(f"list {path}", "none", lists(path))
for name in ["hostname", "machine-id", "resolv.conf", "ssh", "ssl/private", "sudoers", "fstab"]:
    probe(f"see /etc/{name}", "none", lambda name=name: os.stat(f"/etc/{name}"))
for path in ["/usr", "/usr/bin", "/usr/lib", "/", "/dev", "/proc", "/proc/sys/kernel"]:
    level = "root" if path in ["/usr", "/usr/bin", "/usr/lib", "/", "/dev"] else "none"
    probe(f"write to {path}", level, writes(f"{path}/cloudcrew-probe"))
probe("write outside through ..", "none", writes("/crew/../probe"))
probe("write next to the secret", "any", writes(WORLD["secret_file"] + ".new"))
probe("change the helper", "none", lambda: os.write(os.open("/.cloudcrew", os.O_WRONLY), b"x"))


def links_to_secret():
    os.path.lexists("link") and os.remove("link")
    os.symlink(WORLD["secret_file"], "link")
    try:
        open("link").read(1)
    finally:
        os.remove("link")


probe("read through a link", "any", links_to_secret)


def hard_links(path):
    def run():
        os.link(path, "hard")
        os.remove("hard")

    return run


probe("hard link to a program", "none", hard_links("/usr/bin/env"))
probe("hard link to the helper", "none", hard_links("/.cloudcrew"))


def makes_device():
    os.mknod("device", 0o20666, os.makedev(1, 1))
    os.remove("device")


probe("make a device", "root", makes_device)
for device in [
    "vda",
    "sda",
    "nvme0n1",
    "kvm",
    "fuse",
    "loop-control",
    "mapper/control",
    "net/tun",
    "tty",
]:
    probe(f"open /dev/{device}", "none", lambda device=device: os.open(f"/dev/{device}", os.O_RDWR))
for path in [
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/acpi/wakeup",
    "/proc/mtrr",
    "/proc/irq/default_smp_affinity",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup/cgroup.procs",
]:
    probe(f"open {path} to write", "none", lambda path=path: os.open(path, os.O_WRONLY))


# Other processes.
def foreign_processes():
    own = {os.getpid(), os.getppid(), 1}
    if not {int(name) for name in os.listdir("/proc") if name.isdigit()} - own:
        raise OSError("none")


probe("see other processes", "any", foreign_processes)


pid = WORLD["process"]


def same_process():
    """The process of that number is the one outside, not one of the same number in here."""
    if WORLD["mark"].encode() not in open(f"/proc/{pid}/environ", "rb").read():
        raise OSError("another process")


def enters_root():
    same_process()
    os.stat(f"/proc/{pid}/root/etc")


def signals():
    same_process()
    os.kill(pid, 0)


probe("read the environment of a process", "any", same_process)
probe("enter the root of a process", "any", enters_root)
probe("signal a process", "any", signals)
helper = f"/proc/{os.getppid()}"
for name in ["environ", "maps", "mem", "auxv"]:
    probe(f"read {name} of the helper", "none", reads(f"{helper}/{name}"))
for name in ["environ", "mem", "maps", "root/etc/passwd", "cwd/world.json"]:
    probe(f"read {name} of the first process", "none", reads(f"/proc/1/{name}"))
probe("write to the output of the first", "none", lambda: os.open("/proc/1/fd/1", os.O_WRONLY))
probe("list the helper's files", "none", lists(f"{helper}/fd"))
probe("write to the helper's output", "none", lambda: os.open(f"{helper}/fd/1", os.O_WRONLY))

# System calls.
NUMBERS = {
    "x86_64": dict(
        ptrace=101,
        process_vm_readv=310,
        process_vm_writev=311,
        kcmp=312,
        pidfd_getfd=438,
        perf_event_open=298,
        setns=308,
        mount=165,
        umount2=166,
        pivot_root=155,
        chroot=161,
        fsopen=430,
        fsconfig=431,
        fsmount=432,
        fspick=433,
        open_tree=428,
        move_mount=429,
        mount_setattr=442,
        name_to_handle_at=303,
        open_by_handle_at=304,
        io_uring_setup=425,
        io_uring_enter=426,
        io_uring_register=427,
        bpf=321,
        userfaultfd=323,
        memfd_create=319,
        shmget=29,
        shmat=30,
        keyctl=250,
        add_key=248,
        request_key=249,
        fanotify_init=300,
        init_module=175,
        finit_module=313,
        delete_module=176,
        kexec_load=246,
        kexec_file_load=320,
        swapon=167,
        swapoff=168,
        acct=163,
        quotactl=179,
        syslog=103,
        vhangup=153,
        settimeofday=164,
        clock_settime=227,
        iopl=172,
        ioperm=173,
        modify_ldt=154,
        clone3=435,
        process_madvise=440,
    ),
    "aarch64": dict(
        ptrace=117,
        process_vm_readv=270,
        process_vm_writev=271,
        kcmp=272,
        pidfd_getfd=438,
        perf_event_open=241,
        setns=268,
        mount=40,
        umount2=39,
        pivot_root=41,
        chroot=51,
        fsopen=430,
        fsconfig=431,
        fsmount=432,
        fspick=433,
        open_tree=428,
        move_mount=429,
        mount_setattr=442,
        name_to_handle_at=264,
        open_by_handle_at=265,
        io_uring_setup=425,
        io_uring_enter=426,
        io_uring_register=427,
        bpf=280,
        userfaultfd=282,
        memfd_create=279,
        shmget=194,
        shmat=196,
        keyctl=219,
        add_key=217,
        request_key=218,
        fanotify_init=262,
        init_module=105,
        finit_module=273,
        delete_module=106,
        kexec_load=104,
        kexec_file_load=294,
        swapon=224,
        swapoff=225,
        acct=89,
        quotactl=60,
        syslog=116,
        vhangup=58,
        settimeofday=170,
        clock_settime=112,
        clone3=435,
        process_madvise=440,
    ),
}[platform.machine()]
# Outside, these do nothing with arguments of zeros but fail in another way, unless they are held
# back by lack of rights. Those that could do harm are tried inside alone.
HARMLESS = {"ptrace", "process_vm_readv", "kcmp", "io_uring_enter", "io_uring_register", "keyctl"}
for name, number in NUMBERS.items():
    level = "any" if name in HARMLESS else "inside"
    # With -1 for all arguments, none of them does anything that lasts.
    probe(f"call {name}", level, lambda number=number: call(number, -1, -1, -1, -1, -1, -1))
if platform.machine() == "x86_64":
    for name in ["ptrace", "mount", "keyctl", "bpf", "io_uring_setup", "unshare"]:
        number = NUMBERS.get(name, 272)
        probe(
            f"call {name} of x32",
            "inside",
            lambda number=number: call(0x40000000 | number, -1, -1, -1, -1, -1, -1),
        )

    def old_interface():
        """getpid by `int 0x80`, whose calls have the numbers of 32-bit programs."""
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex("b814000000cd80c3"))
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        if ctypes.CFUNCTYPE(ctypes.c_long)(address)() != os.getpid():
            raise OSError("no such interface")

    probe("call by int 0x80", "inside", apart(old_interface))
UNSHARE = 272 if platform.machine() == "x86_64" else 97
CLONE = 56 if platform.machine() == "x86_64" else 220
for name, flag in dict(
    NEWNS=0x20000,
    NEWCGROUP=0x2000000,
    NEWUTS=0x4000000,
    NEWIPC=0x8000000,
    NEWUSER=0x10000000,
    NEWPID=0x20000000,
    NEWNET=0x40000000,
    NEWTIME=0x80,
).items():
    probe(f"unshare {name}", "root", apart(lambda flag=flag: call(UNSHARE, flag)))
    probe(f"unshare FILES and {name}", "root", apart(lambda flag=flag: call(UNSHARE, flag | 0x400)))
    if name not in ("NEWTIME", "NEWUSER"):

        def cloned(flag=flag):
            before = os.getpid()
            call(CLONE, flag | 17, 0, 0, 0, 0)
            if os.getpid() != before or os.getppid() == before:
                os._exit(0)

        probe(f"clone {name}", "root", apart(cloned))
for name in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time"]:
    probe(
        f"enter the {name} namespace of the first process",
        "none",
        apart(
            lambda name=name: call(NUMBERS["setns"], os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0)
        ),
    )

# Sockets.
for family in range(0, 46):
    if family in (1, 2, 10):
        continue
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        level = "any" if family == 16 else "none"
        probe(
            f"socket family {family} kind {kind}",
            level,
            lambda f=family, k=kind: socket.socket(f, k, 0).close(),
        )
probe(
    "raw socket",
    "root",
    lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
)
for name, address in WORLD["tcp"].items():
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    level = "any" if name.startswith("loopback") else "none"
    probe(f"connect to {name}", level, connects(family, tuple(address)))
for name, path in WORLD["unix"].items():
    level = "any" if name in ("abstract", "file") else "none"
    probe(f"connect to the socket {name}", level, connects(socket.AF_UNIX, path.replace("@", "\0")))


def hears_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(1)
        connection.sendto(b"x", tuple(WORLD["udp"]))
        connection.recv(1)


probe("send a datagram to the machine", "any", hears_datagram)
for name in [
    "example.com",
    "metadata.google.internal",
    "localhost.localdomain.example",
    "xn--nxasmq6b.example",
]:
    probe(f"resolve {name}", "none", lambda name=name: socket.getaddrinfo(name, 80))
for host in ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "::ffff:127.0.0.1"]:
    port = WORLD["tcp"]["loopback"][1]
    probe(
        f"connect to {host}",
        "none",
        lambda host=host: socket.create_connection((host, port), 1).close(),
    )
for host in ["127.0.0.1\0.example.com", "127.0.0.1\r\n.example.com"]:
    probe(
        f"connect to {host!r}",
        "none",
        lambda host=host: socket.create_connection((host, 80), 1).close(),
    )


def other_interfaces():
    if not [name for _, name in socket.if_nameindex() if name != "lo"]:
        raise OSError("none")


probe("see other network interfaces", "none", other_interfaces)

# Rights and what was handed down.
probe("become root", "root", apart(lambda: os.setuid(0)))
probe("become another user", "root", apart(lambda: os.setuid(65534)))
probe("change the group", "root", apart(lambda: os.setgroups([0])))
probe("find a secret in the environment", "any", lambda: os.environ["CLOUDCREW_PROBE_SECRET"])


def inherited():
    listing = set(os.listdir("/proc/self/fd")) - {"0", "1", "2"}
    known = [name for name in listing if os.path.exists(f"/proc/self/fd/{name}")]
    links = [os.readlink(f"/proc/self/fd/{name}") for name in known]
    if [link for link in links if not link.startswith("/proc/")]:
        sys.stderr.write(f"{links}\n")
    else:
        raise OSError("none")


probe("find an open file", "none", inherited)


def has_rights():
    for line in open("/proc/self/status"):
        if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")) and int(
            line.split()[1], 16
        ):
            return
    raise OSError("none")


probe("have a right of root", "root", has_rights)


def status_has(line):
    def run():
        if f"{line}\n" not in open("/proc/self/status").read():
            raise OSError("it does not")

    return run


probe("gain rights by a program", "any", status_has("NoNewPrivs:\t0"))
probe("run without a filter", "any", status_has("Seccomp:\t0"))
probe("type into the terminal", "none", lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"))
probe("raise a limit", "inside", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1)))
probe("run before others", "root", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))

inside = sys.argv[1] == "inside"
for name, level, action in PROBES:
    # A control must do no harm to the machine it is run on.
    if not inside and level not in ("any", "root"):
        continue
    try:
        action()
        outcome = "reached"
    except BaseException as error:
        outcome = f"blocked: {type(error).__name__} {error}".replace("\n", " ").replace("\0", "?")
    print(f"{name}\t{level}\t{outcome}".replace("\r", " "), flush=True)
