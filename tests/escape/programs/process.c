/* Refusing to end, hiding from the worker, and going on after a pause. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void say_ready(void) {
    int file = open("/out/ready", O_WRONLY | O_CREAT, 0644);
    if (file >= 0) close(file);
}

static void ignore_all(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
}

static void spin_for_ever(void) {
    for (volatile unsigned long n = 0;; n++) {}
}

static void deaf(int count, char **words) {
    ignore_all();
    say_ready();
    for (;;) pause();
}

/* In a session of its own, its parent gone, no descriptor open. */
static int daemonised(void) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int file = 0; file < 16; file++) close(file);
            ignore_all();
            prctl(PR_SET_NAME, "kworker/0:1");
            return 1;
        }
        _exit(0);
    }
    wait(0);
    return 0;
}

static void daemon_stays(int count, char **words) {
    if (daemonised()) for (;;) pause();
    say_ready();
    for (;;) pause();
}

/* The first process ends well, and leaves the other behind. */
static void daemon_alone(int count, char **words) {
    if (daemonised()) for (;;) pause();
    held("left a daemon behind", 0);
}

static void stopped(int count, char **words) {
    for (int n = 0; n < 4; n++) if (fork() == 0) for (;;) kill(getpid(), SIGSTOP);
    say_ready();
    kill(getpid(), SIGSTOP);
    for (;;) pause();
}

/* A parent in vfork waits where no signal but the last one reaches it. */
static void vforked(int count, char **words) {
    say_ready();
    if (vfork() == 0) {
        ignore_all();
        for (;;) pause();
    }
}

static void zombies(int count, char **words) {
    for (int n = 0; n < 60; n++) if (fork() == 0) _exit(0);
    say_ready();
    for (;;) pause();
}

static void *spinner(void *nothing) {
    spin_for_ever();
    return nothing;
}

/* Threads, sessions and process groups that compute; each also wakes the others. */
static void crowd(int count, char **words) {
    for (int n = 0; n < 4; n++) {
        pid_t child = fork();
        if (child == 0) {
            if (n % 2) setsid();
            else setpgid(0, 0);
            ignore_all();
            pthread_t thread;
            pthread_create(&thread, 0, spinner, 0);
            spin_for_ever();
        }
    }
    pid_t waker = fork();
    if (waker == 0) for (;;) {
        kill(-1, SIGCONT);
        usleep(1000);
    }
    say_ready();
    int file = open("/out/beat", O_WRONLY | O_CREAT, 0644);
    for (unsigned long n = 0;; n++) {
        char text[24];
        int length = snprintf(text, sizeof text, "%020lu\n", n);
        pwrite(file, text, (size_t)length, 0);
        usleep(2000);
    }
}

const struct attack process_attacks[] = {
    {"deaf", deaf}, {"daemon", daemon_stays}, {"daemon-alone", daemon_alone},
    {"stopped", stopped}, {"vfork", vforked}, {"zombies", zombies}, {"crowd", crowd}, {0, 0},
};
