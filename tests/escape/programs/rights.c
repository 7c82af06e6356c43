/* Attempts to be more than nobody, or to lay hands on another process. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY(what, ...) judge(what, syscall(__VA_ARGS__))

static void ids(int count, char **words) {
    gid_t root = 0;
    judge("setuid", setuid(0));
    judge("setgid", setgid(0));
    judge("setresuid", setresuid(0, 0, 0));
    judge("setgroups", setgroups(1, &root));
}

static void capabilities(int count, char **words) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    TRY("capset", SYS_capset, &header, all);
    judge("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21 /* CAP_SYS_ADMIN */, 0, 0));
    unsigned long long effective = 0, bounding = 0;
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "CapEff: %llx", &effective);
        sscanf(line, "CapBnd: %llx", &bounding);
    }
    if (effective || bounding) breach("there are capabilities");
    else held("there are capabilities", EPERM);
}

/* The program is run again from a copy that root owns and that is marked setuid. */
static void setuids(int count, char **words) {
    if (geteuid() == 0 || getegid() == 0) breach("setuid program");
    else held("setuid program", EPERM);
}

static void no_new_privileges(int count, char **words) {
    judge("unset no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) held("no_new_privs is off", EPERM);
    else breach("no_new_privs is off");
    execl("/suid", "/suid", "setuid", (char *)0);
    held("run a setuid program", errno);
}

static void traces(int count, char **words) {
    pid_t child = fork();
    if (child == 0) for (;;) pause();
    judge("ptrace attach", ptrace(PTRACE_ATTACH, child, 0, 0));
    judge("ptrace seize", ptrace(PTRACE_SEIZE, child, 0, 0));
    judge("ptrace host", ptrace(PTRACE_ATTACH, number(count, words, 0, 100000), 0, 0));
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
    judge("ptrace traceme", ptrace(PTRACE_TRACEME, 0, 0, 0));
}

static char target[16] = "nothing";

static void memories(int count, char **words) {
    pid_t child = fork();
    if (child == 0) for (;;) pause();
    char buffer[16];
    struct iovec here = {buffer, sizeof buffer}, there = {target, sizeof target};
    TRY("process_vm_readv", SYS_process_vm_readv, child, &here, 1, &there, 1, 0);
    TRY("process_vm_writev", SYS_process_vm_writev, child, &here, 1, &there, 1, 0);
    TRY("kcmp", SYS_kcmp, getpid(), child, 1, 0, 0);
    int handle = (int)syscall(434, child, 0);
    TRY("pidfd_getfd", 438, handle, 2, 0);
    TRY("process_madvise", 440, handle, &there, 1, MADV_COLD, 0);
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
}

/* Words: process ids of the host. Signal 0 asks whether a real one would arrive. */
static void signals(int count, char **words) {
    judge("signal everybody", kill(-1, 0));
    for (int i = 0; i < count; i++) {
        pid_t pid = (pid_t)number(count, words, i, 1);
        judge("kill", kill(pid, 0));
        judge("tgkill", syscall(SYS_tgkill, pid, pid, 0));
        judge("pidfd_open", syscall(434, pid, 0));
        judge("getsid", getsid(pid));
    }
}

static void priorities(int count, char **words) {
    struct sched_param highest = {.sched_priority = 1};
    TRY("real time", SYS_sched_setscheduler, 0, SCHED_FIFO, &highest);
    TRY("round robin", SYS_sched_setscheduler, 0, SCHED_RR, &highest);
    struct { unsigned size, policy; unsigned long flags; int nice; unsigned priority;
             unsigned long runtime, deadline, period; } deadline = {48, 6, 0, 0, 0, 1000000, 10000000, 10000000};
    TRY("deadline", SYS_sched_setattr, 0, &deadline, 0);
    judge("nice", setpriority(PRIO_PROCESS, 0, -20));
    TRY("disk priority", SYS_ioprio_set, 1, 0, 1 << 13 | 0);
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    if (file < 0) held("oom_score_adj", errno);
    else judge("oom_score_adj", write(file, "-1000", 5));
}

static void limits(int count, char **words) {
    static const struct { const char *what; int which; } each[] = {
        {"raise nofile", RLIMIT_NOFILE}, {"raise nproc", RLIMIT_NPROC}, {"raise fsize", RLIMIT_FSIZE},
        {"raise memlock", RLIMIT_MEMLOCK}, {"raise core", RLIMIT_CORE}, {"raise rtprio", RLIMIT_RTPRIO},
        {"raise sigpending", RLIMIT_SIGPENDING}, {"raise msgqueue", RLIMIT_MSGQUEUE},
    };
    struct rlimit endless = {RLIM_INFINITY, RLIM_INFINITY};
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++)
        judge(each[i].what, setrlimit(each[i].which, &endless));
}

static void put(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    judge(path, file < 0 ? -1 : write(file, text, strlen(text)));
}

static void user_maps(int count, char **words) {
    put("/proc/self/uid_map", "0 0 4294967295");
    put("/proc/self/gid_map", "0 0 4294967295");
    put("/proc/self/setgroups", "allow");
}

/* The next program of CVE-2019-5736: the runtime's own file, reached through a process of its. */
static void runtime_file(int count, char **words) {
    for (int pid = 1; pid < 4; pid++) {
        char path[32];
        snprintf(path, sizeof path, "/proc/%d/exe", pid);
        judge(path, open(path, O_WRONLY));
    }
}

const struct attack rights_attacks[] = {
    {"ids", ids}, {"capabilities", capabilities}, {"setuid", setuids},
    {"no-new-privileges", no_new_privileges}, {"ptrace", traces}, {"memory-of-others", memories},
    {"signals", signals}, {"priorities", priorities}, {"limits", limits},
    {"user-maps", user_maps}, {"runtime-file", runtime_file}, {0, 0},
};
