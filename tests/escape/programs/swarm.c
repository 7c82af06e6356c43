/* Bombs: as many of something as the kernel gives. A bound that holds is told with its count. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Words of all: how many would be too many. */
static void told(const char *what, long got, long too_many) {
    int error = errno;
    fprintf(stderr, "got %ld\n", got);
    if (got >= too_many) breach(what);
    else held(what, error);
}

static void forks(int count, char **words) {
    long most = number(count, words, 0, 600), got = 0;
    for (; got < most; got++) {
        pid_t child = fork();
        if (child == 0) for (;;) pause();
        if (child < 0) break;
    }
    told("processes", got, most);
}

/* Every child makes children: the real thing, without end. */
static void fork_bomb(int count, char **words) {
    int file = open("/out/ready", O_WRONLY | O_CREAT, 0644);
    close(file);
    for (;;) fork();
}

static void *sleeper(void *nothing) {
    for (;;) pause();
    return nothing;
}

static void threads(int count, char **words) {
    long most = number(count, words, 0, 600), got = 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (; got < most; got++) {
        pthread_t thread;
        int error = pthread_create(&thread, &small, sleeper, 0);
        errno = error;
        if (error) break;
    }
    told("threads", got, most);
}

static void timers(int count, char **words) {
    long most = number(count, words, 0, 2000), got = 0;
    struct sigevent nothing = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    for (timer_t timer; got < most && !timer_create(CLOCK_MONOTONIC, &nothing, &timer); got++) {}
    told("timers", got, most);
}

static void pending(int count, char **words) {
    long most = number(count, words, 0, 2000), got = 0;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    union sigval nothing = {0};
    while (got < most && !sigqueue(getpid(), SIGRTMIN, nothing)) got++;
    told("pending signals", got, most);
}

static void watches(int count, char **words) {
    long most = number(count, words, 0, 16), got = 0;
    while (got < most && inotify_init1(0) >= 0) got++;
    told("inotify instances", got, most);
}

static void message_queues(int count, char **words) {
    long most = number(count, words, 0, 16), got = 0;
    for (; got < most; got++) {
        char name[32];
        snprintf(name, sizeof name, "/gridle-%ld", got);
        struct mq_attr size = {.mq_maxmsg = 10, .mq_msgsize = 8192};
        if (mq_open(name, O_CREAT | O_RDWR, 0600, &size) == (mqd_t)-1) break;
    }
    told("message queues", got, most);
}

/* Kernel memory behind message queues; words: how many MiB would be too many. */
static void messages(int count, char **words) {
    static struct { long kind; char text[8000]; } message = {1, ""};
    long most = number(count, words, 0, 128) * 128, got = 0;
    while (got < most) {
        int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
        if (queue < 0) break;
        while (got < most && !msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT)) got++;
    }
    told("messages", got, most);
}

static void shared_memory(int count, char **words) {
    long most = number(count, words, 0, 128), got = 0;
    for (; got < most; got++) {
        int segment = shmget(IPC_PRIVATE, 1 << 20, 0600 | IPC_CREAT);
        char *at = segment < 0 ? (char *)-1 : shmat(segment, 0, 0);
        if (at == (char *)-1) break;
        memset(at, 1, 1 << 20);
        shmdt(at);
    }
    told("shared memory", got, most);
}

static void pipes(int count, char **words) {
    static char block[1 << 16];
    long most = number(count, words, 0, 128), got_kib = 0;
    for (int child = 0; child < 8 && fork() > 0; child++) {}
    for (;;) {
        int pair[2];
        if (pipe2(pair, O_NONBLOCK)) break;
        ssize_t wrote;
        while ((wrote = write(pair[1], block, sizeof block)) > 0) got_kib += wrote / 1024;
    }
    told("pipe buffers", got_kib / 1024, most);
    pause();
}

static void sockets(int count, char **words) {
    static char block[1 << 16];
    long most = number(count, words, 0, 128), got_kib = 0;
    for (;;) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair)) break;
        ssize_t wrote;
        while ((wrote = write(pair[1], block, sizeof block)) > 0) got_kib += wrote / 1024;
    }
    told("socket buffers", got_kib / 1024, most);
}

static void nameless_memory(int count, char **words) {
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    long most = number(count, words, 0, 128), got = 0;
    int file = memfd_create("x", 0);
    while (file >= 0 && got < most && write(file, block, sizeof block) == sizeof block) got++;
    told("memfd", got, most);
}

static void locked(int count, char **words) {
    long most = number(count, words, 0, 128);
    mlockall(MCL_CURRENT | MCL_FUTURE);
    char *at = mmap(0, (size_t)most << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) held("locked memory", errno);
    else judge("locked memory", mlock(at, (size_t)most << 20));
}

const struct attack swarm_attacks[] = {
    {"forks", forks}, {"fork-bomb", fork_bomb}, {"threads", threads}, {"timers", timers},
    {"pending-signals", pending}, {"inotify", watches}, {"message-queues", message_queues},
    {"messages", messages}, {"shared-memory", shared_memory}, {"pipes", pipes},
    {"sockets", sockets}, {"memfd", nameless_memory}, {"locked", locked}, {0, 0},
};
