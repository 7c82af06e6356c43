/* Devices, terminals and the kernel's own files. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef TIOCSTI
#define TIOCSTI 0x5412
#endif

static void opened(const char *path, int flags) {
    int file = open(path, flags | O_NONBLOCK | O_NOCTTY);
    judge(path, file);
    if (file >= 0) close(file);
}

/* Words: paths; each is opened to read and to write. */
static void open_devices(int count, char **words) {
    for (int i = 0; i < count; i++) {
        opened(words[i], O_RDONLY);
        opened(words[i], O_WRONLY);
    }
}

static void open_to_write(int count, char **words) {
    for (int i = 0; i < count; i++) opened(words[i], O_WRONLY);
}

static void make_node(const char *folder, const char *what, mode_t kind, dev_t device) {
    char path[64], said[96];
    snprintf(path, sizeof path, "%s/%s", folder, what);
    snprintf(said, sizeof said, "mknod %s", path);
    if (mknod(path, kind | 0666, device)) {
        held(said, errno);
        return;
    }
    int file = open(path, O_RDONLY | O_NONBLOCK);
    judge(said, file);
    unlink(path);
}

/* A node alone is harmless; one that opens is not. */
static void nodes(int count, char **words) {
    static const char *const folders[] = {"/out", "/tmp", "/dev/shm", "/dev"};
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_node(folders[i], "memory", S_IFCHR, makedev(1, 1));
        make_node(folders[i], "messages", S_IFCHR, makedev(1, 11));
        make_node(folders[i], "disk", S_IFBLK, makedev(8, 0));
        make_node(folders[i], "disk2", S_IFBLK, makedev(254, 0));
    }
}

static void type_into(const char *what, int terminal, unsigned long request) {
    char letter = 'x';
    judge(what, ioctl(terminal, request, &letter));
}

/* Also with bits above the 32 that the kernel looks at. */
static void terminals(int count, char **words) {
    for (int file = 0; file < 3; file++) type_into("push a key", file, TIOCSTI);
    int own = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (own < 0) {
        held("push a key into an own terminal", errno);
        return;
    }
    int discipline = 21; /* n_gsm: its faults gave root more than once */
    judge("line discipline", ioctl(own, 0x5423 /* TIOCSETD */, &discipline));
    judge("line discipline, high bits", syscall(SYS_ioctl, own, 0x100005423ul, &discipline));
    type_into("push a key into an own terminal", own, TIOCSTI);
    char code = 2;
    judge("selection", ioctl(own, 0x541C /* TIOCLINUX */, &code));
    judge("console", ioctl(own, 0x541D /* TIOCCONS */, 0));
}

static void groups(int count, char **words) {
    static const char *const names[] = {"", "cpu", "memory", "pids", "freezer", "devices", "systemd", "blkio"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char path[96];
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/gridle-escape", names[i]);
        judge(path, mkdir(path, 0755));
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/release_agent", names[i]);
        opened(path, O_WRONLY);
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", names[i]);
        opened(path, O_WRONLY);
    }
    opened("/sys/fs/cgroup/memory/memory.limit_in_bytes", O_WRONLY);
    opened("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", O_WRONLY);
    opened("/sys/fs/cgroup/memory.max", O_WRONLY);
}

const struct attack device_attacks[] = {
    {"open", open_devices}, {"open-to-write", open_to_write}, {"nodes", nodes},
    {"terminals", terminals}, {"groups", groups}, {0, 0},
};
