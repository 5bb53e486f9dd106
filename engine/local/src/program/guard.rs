//! The system calls that programs in the sandbox cannot make.
//!
//! Namespaces already hide what most of them would reach. The filter closes what a hostile program
//! would use to get out: other processes' memory, new namespaces and mounts, kernel interfaces with
//! a history of escapes, and sockets that are not bound to a network namespace.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Op,
    SeccompCondition as Condition, SeccompFilter, SeccompRule as Rule, apply_filter,
};

/// Calls that fail with `EPERM`, whatever their arguments.
const REFUSED: &[c_long] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_perf_event_open,
    // Namespaces and mounts.
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Kernel interfaces.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    // Memory that belongs to no process.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// Flags that make new namespaces.
const NAMESPACES: [c_int; 8] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    // CLONE_NEWTIME
    0x80,
];

/// Families of sockets that programs may open. Netlink, VSOCK, packet and kernel sockets are not
/// among them.
const FAMILIES: [c_int; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// Requests that put characters into a terminal's input.
const TERMINAL: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// Closes these calls for this process and all that it starts, for good.
pub(super) fn close() -> Result<(), Error> {
    let refused = compiled(refused()?, libc::EPERM)?;
    // glibc then uses `clone`, whose flags can be seen.
    let unknown = compiled(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?;
    apply_filter(&unknown)?;
    apply_filter(&refused)
}

fn refused() -> Result<BTreeMap<i64, Vec<Rule>>, Error> {
    let mut rules: BTreeMap<i64, Vec<Rule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let has = |flag: c_int| {
        let flag = u64::from(flag.cast_unsigned());
        Rule::new(vec![Condition::new(0, Length::Dword, Op::MaskedEq(flag), flag)?])
    };
    let namespaces = NAMESPACES.into_iter().map(has).collect::<Result<Vec<Rule>, _>>()?;
    rules.insert(libc::SYS_unshare, namespaces.clone());
    // The lowest byte of `clone`'s flags is a signal, so that CLONE_NEWTIME is not one of them.
    rules.insert(libc::SYS_clone, namespaces[..namespaces.len() - 1].to_vec());
    let other = FAMILIES
        .map(|family| Condition::new(0, Length::Dword, Op::Ne, u64::from(family.cast_unsigned())));
    let other = Rule::new(other.into_iter().collect::<Result<_, _>>()?)?;
    rules.insert(libc::SYS_socket, vec![other]);
    let typed =
        TERMINAL.map(|request| Rule::new(vec![Condition::new(1, Length::Dword, Op::Eq, request)?]));
    rules.insert(libc::SYS_ioctl, typed.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

fn compiled(rules: BTreeMap<i64, Vec<Rule>>, errno: c_int) -> Result<BpfProgram, Error> {
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?;
    let program = BpfProgram::try_from(filter)?;
    Ok(without_x32(program))
}

/// On x86-64, the same calls have a second set of numbers (x32), which the filter does not know.
#[cfg(target_arch = "x86_64")]
fn without_x32(program: BpfProgram) -> BpfProgram {
    use seccompiler::sock_filter;
    const X32: u32 = 0x4000_0000;
    let errno = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
    let code = |code: u32| u16::try_from(code).unwrap_or_default();
    let mut whole = vec![
        // The number of the call, which is the first word of what the filter sees.
        sock_filter { code: code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS), jt: 0, jf: 0, k: 0 },
        sock_filter {
            code: code(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K),
            jt: 0,
            jf: 1,
            k: X32,
        },
        sock_filter { code: code(libc::BPF_RET | libc::BPF_K), jt: 0, jf: 0, k: errno },
    ];
    whole.extend(program);
    whole
}

#[cfg(not(target_arch = "x86_64"))]
fn without_x32(program: BpfProgram) -> BpfProgram {
    program
}
