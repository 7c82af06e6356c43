/* Doors into the kernel that computing does not need. Each call is made in earnest, but so that
   nothing would happen to the machine if it were let in. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRY(what, ...) judge(what, syscall(__VA_ARGS__))

static void mounts(int count, char **words) {
    TRY("mount tmpfs", SYS_mount, "gridle-escape", "/tmp", "tmpfs", 0, 0);
    TRY("mount bind", SYS_mount, "/proc", "/tmp", 0, MS_BIND, 0);
    TRY("remount /", SYS_mount, 0, "/", 0, MS_REMOUNT | MS_BIND, 0);
    TRY("mount proc", SYS_mount, "gridle-escape", "/tmp", "proc", 0, 0);
}

static void new_mounts(int count, char **words) {
    TRY("fsopen", 430, "tmpfs", 0);
    TRY("open_tree", 428, AT_FDCWD, "/", 1);
    TRY("move_mount", 429, AT_FDCWD, "/in", AT_FDCWD, "/tmp", 0);
    TRY("fspick", 433, AT_FDCWD, "/", 0);
    char attributes[32] = {0};
    TRY("mount_setattr", 442, AT_FDCWD, "/in", 0, attributes, sizeof attributes);
}

static void unmount(int count, char **words) {
    TRY("umount /in", SYS_umount2, "/in", MNT_DETACH);
    TRY("umount /proc", SYS_umount2, "/proc", MNT_DETACH);
}

static void roots(int count, char **words) {
    TRY("pivot_root", SYS_pivot_root, "/tmp", "/tmp");
    TRY("chroot", SYS_chroot, "/tmp");
}

static void unshares(int count, char **words) {
    static const struct { const char *what; int flag; } each[] = {
        {"unshare user", CLONE_NEWUSER}, {"unshare mount", CLONE_NEWNS},
        {"unshare pid", CLONE_NEWPID},   {"unshare net", CLONE_NEWNET},
        {"unshare ipc", CLONE_NEWIPC},   {"unshare uts", CLONE_NEWUTS},
        {"unshare cgroup", 0x02000000},  {"unshare time", 0x00000080},
    };
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++) TRY(each[i].what, SYS_unshare, each[i].flag);
}

static void clones(int count, char **words) {
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    judge("clone user", child);
    uint64_t arguments[11] = {CLONE_NEWUSER};
    arguments[4] = SIGCHLD;
    child = syscall(435, arguments, sizeof arguments);
    if (child == 0) _exit(0);
    judge("clone3 user", child);
    int self = open("/proc/self/ns/mnt", O_RDONLY);
    TRY("setns", SYS_setns, self, 0);
}

static void modules(int count, char **words) {
    int file = open("/proc/self/exe", O_RDONLY);
    TRY("init_module", SYS_init_module, "", 0, "");
    TRY("finit_module", SYS_finit_module, file, "", 0);
    TRY("delete_module", SYS_delete_module, "gridle_escape", O_NONBLOCK);
}

static void kexec(int count, char **words) {
    TRY("kexec_load", SYS_kexec_load, 0, 0, 0, 0);
#ifdef SYS_kexec_file_load
    TRY("kexec_file_load", SYS_kexec_file_load, -1, -1, 0, "", 0x4);
#endif
}

/* The first word is not reboot's magic: a machine that lets us in answers EINVAL. */
static void reboots(int count, char **words) { TRY("reboot", SYS_reboot, 1, 1, 0, 0); }

static void swaps(int count, char **words) {
    TRY("swapon", SYS_swapon, "/out/none", 0);
    TRY("swapoff", SYS_swapoff, "/out/none");
}

static void keyrings(int count, char **words) {
    TRY("add_key", SYS_add_key, "user", "gridle", "x", 1, -3);
    TRY("request_key", SYS_request_key, "user", "gridle", 0, 0);
    TRY("keyctl session", SYS_keyctl, 0, -3, 1);
    TRY("keyctl join", SYS_keyctl, 1, 0);
}

static void io_uring(int count, char **words) {
    char parameters[120] = {0};
    TRY("io_uring_setup", 425, 4, parameters);
    TRY("io_uring_register", 427, -1, 0, 0, 0);
}

static void bpf(int count, char **words) {
    union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    TRY("bpf map", SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

static void userfaults(int count, char **words) {
    TRY("userfaultfd", SYS_userfaultfd, O_CLOEXEC | 1);
    judge("/dev/userfaultfd", open("/dev/userfaultfd", O_RDWR));
}

static void perf(int count, char **words) {
    char attributes[128] = {0};
    attributes[0] = 1; /* software */
    attributes[4] = sizeof attributes;
    TRY("perf_event_open", SYS_perf_event_open, attributes, 0, -1, -1, 0);
}

static void watchers(int count, char **words) {
    TRY("fanotify_init", SYS_fanotify_init, 0, O_RDONLY);
    TRY("quotactl", SYS_quotactl, 0x80000100 /* sync */, 0, 0, 0);
    TRY("syslog", SYS_syslog, 10 /* size */, 0, 0);
    TRY("acct", SYS_acct, 0);
    TRY("vhangup", SYS_vhangup);
}

static void handles(int count, char **words) {
    struct { unsigned bytes; int type; unsigned char data[64]; } handle = {64, 0, {0}};
    int mount_id;
    TRY("name_to_handle_at", SYS_name_to_handle_at, AT_FDCWD, "/in", &handle, &mount_id, 0);
    handle.bytes = 8, handle.type = 1, handle.data[0] = 2; /* inode 2: the root of an ext4 */
    int at = open("/in", O_RDONLY | O_DIRECTORY);
    TRY("open_by_handle_at", SYS_open_by_handle_at, at, &handle, O_RDONLY);
}

static void clocks(int count, char **words) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct { long s, us; } day = {now.tv_sec, now.tv_nsec / 1000};
    struct timex nothing = {.modes = ADJ_SETOFFSET};
    TRY("settimeofday", SYS_settimeofday, &day, 0);
    TRY("clock_settime", SYS_clock_settime, CLOCK_REALTIME, &now);
    TRY("adjtimex", SYS_adjtimex, &nothing);
    TRY("clock_adjtime", SYS_clock_adjtime, CLOCK_REALTIME, &nothing);
}

static void names(int count, char **words) {
    TRY("sethostname", SYS_sethostname, "escaped", 7);
    TRY("setdomainname", SYS_setdomainname, "escaped", 7);
}

static void personalities(int count, char **words) {
    TRY("no address randomisation", SYS_personality, ADDR_NO_RANDOMIZE);
    TRY("executable data", SYS_personality, 0x0400000);
}

/* An own filter that allows all must not widen the one that is there. */
static void filters(int count, char **words) {
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog program = {1, &allow};
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    TRY("unshare after an own filter", SYS_unshare, CLONE_NEWUSER);
    TRY("keyctl after an own filter", SYS_keyctl, 0, -3, 1);
}

#ifdef __x86_64__
#include <asm/ldt.h>
#include <sys/io.h>

static void ports(int count, char **words) {
    TRY("iopl", SYS_iopl, 3);
    TRY("ioperm", SYS_ioperm, 0x80, 1, 1);
}

static void ldt(int count, char **words) {
    struct user_desc entry = {.entry_number = 0, .limit = 1};
    TRY("modify_ldt", SYS_modify_ldt, 1, &entry, sizeof entry);
}

/* The 32-bit door: whoever filters 64-bit calls only has forgotten this one. */
static void door_of_32_bits(int count, char **words) {
    pid_t child = fork();
    if (child == 0) {
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20 /* getpid */) : "memory");
        _exit(result > 0 ? 42 : 43);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42) breach("int 0x80");
    else held("int 0x80", WIFSIGNALED(status) ? EPERM : ENOSYS);
}

static void door_of_x32(int count, char **words) {
    pid_t child = fork();
    if (child == 0) _exit(syscall(0x40000000 | SYS_getpid) > 0 ? 42 : 43);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42) breach("x32 getpid");
    else held("x32 getpid", WIFSIGNALED(status) ? EPERM : ENOSYS);
}
#endif

const struct attack kernel_attacks[] = {
    {"mount", mounts}, {"new-mount", new_mounts}, {"umount", unmount}, {"roots", roots},
    {"unshare", unshares}, {"clone", clones}, {"modules", modules}, {"kexec", kexec},
    {"reboot", reboots}, {"swap", swaps}, {"keyrings", keyrings}, {"io-uring", io_uring},
    {"bpf", bpf}, {"userfaultfd", userfaults}, {"perf", perf}, {"watchers", watchers},
    {"handles", handles}, {"clocks", clocks}, {"names", names}, {"personality", personalities},
    {"filters", filters},
#ifdef __x86_64__
    {"ports", ports}, {"ldt", ldt}, {"int80", door_of_32_bits}, {"x32", door_of_x32},
#endif
    {0, 0},
};
