/* Tampering with the checkpoint folder. Also for WebAssembly. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE "/checkpoint/state"
#define DRAFT "/checkpoint/state.new"
#define REQUEST "/checkpoint/save"

static void write_file(const char *path, long bytes) {
    static char block[1 << 16];
    int file = open(path, O_WRONLY | O_CREAT, 0644);
    for (; file >= 0 && bytes > 0; bytes -= sizeof block)
        if (write(file, block, sizeof block) < 0) break;
    if (file >= 0) close(file);
}

static void wait_for_ever(void) {
    for (;;) sleep(1);
}

/* Words: where it points. */
static void state_link(int count, char **words) {
    symlink(words[0], STATE);
    wait_for_ever();
}

static void save_link(int count, char **words) {
    /* again and again: the worker's may be there, and it takes away what it finds in the end */
    for (;; usleep(1000)) if (symlink(words[0], REQUEST)) unlink(REQUEST);
}

static void save_folder(int count, char **words) {
    for (;; usleep(1000)) if (mkdir(REQUEST, 0755)) unlink(REQUEST);
}

static void state_folder(int count, char **words) {
    mkdir(STATE, 0755);
    mkdir(STATE "/inner", 0755);
    wait_for_ever();
}

static void state_twice(int count, char **words) {
    write_file(DRAFT, 1);
    link(DRAFT, STATE);
    wait_for_ever();
}

static void state_huge(int count, char **words) {
    write_file(STATE, 8 << 20);
    wait_for_ever();
}

static void state_sparse(int count, char **words) {
    write_file(STATE, 1);
    truncate(STATE, 1ll << 40);
    int file = open(DRAFT, O_WRONLY | O_CREAT, 0644);
    ftruncate(file, (3 << 20) / 2); /* within one file's limit, beyond the state's */
    rename(DRAFT, STATE);
    wait_for_ever();
}

static void state_more(int count, char **words) {
    write_file("/checkpoint/a\x1b]0;owned\x07", 1);
    wait_for_ever();
}

static void state_race(int count, char **words) {
    for (;;) {
        write_file(DRAFT, 1 << 16);
        rename(DRAFT, STATE);
        symlink(words[0], DRAFT);
        rename(DRAFT, STATE);
    }
}

/* A state that changes while it is read. */
static void state_grows(int count, char **words) {
    for (unsigned n = 0;; n++) {
        int file = open(STATE, O_WRONLY | O_CREAT, 0644);
        char text[64];
        memset(text, 'a' + n % 26, sizeof text);
        for (int part = 0; part < 1000; part++) write(file, text, sizeof text);
        ftruncate(file, n % 60000 + 1);
        close(file);
    }
}

/* The request comes again and again, and nothing is ever saved. */
static void save_keeper(int count, char **words) {
    for (;;) {
        unlink(REQUEST);
        write_file(REQUEST, 1);
        usleep(1000);
    }
}

static void replace_checkpoint(int count, char **words) {
    judge("rename checkpoint", rename("/checkpoint", "/out/checkpoint"));
    judge("remove checkpoint", rmdir("/checkpoint"));
    judge("move a file out", rename("/checkpoint/nothing", "/out/nothing"));
}

#ifndef __wasi__
static void state_pipe(int count, char **words) {
    mkfifo(STATE, 0666);
    wait_for_ever();
}

static void closed_checkpoint(int count, char **words) {
    judge("close checkpoint", chmod("/checkpoint", 0));
}
#endif

const struct attack state_attacks[] = {
    {"state-link", state_link}, {"save-link", save_link}, {"save-folder", save_folder},
    {"state-folder", state_folder}, {"state-twice", state_twice}, {"state-huge", state_huge},
    {"state-sparse", state_sparse}, {"state-more", state_more}, {"state-race", state_race},
    {"state-grows", state_grows}, {"save-keeper", save_keeper},
    {"replace-checkpoint", replace_checkpoint},
#ifndef __wasi__
    {"state-pipe", state_pipe}, {"closed-checkpoint", closed_checkpoint},
#endif
    {0, 0},
};
