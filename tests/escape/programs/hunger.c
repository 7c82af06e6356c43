/* Taking more than its share, alone. Also for WebAssembly. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept;

static void memory(int count, char **words) {
    long limit_mib = number(count, words, 0, 1024);
    for (long n = 0; n < limit_mib; n++) {
        char *block = malloc(1 << 20);
        if (!block) {
            held("memory", ENOMEM);
            return;
        }
        memset(block, (int)n, 1 << 20);
        *(void **)block = kept;
        kept = block;
    }
    breach("memory");
}

/* Words: a folder, how many MiB may not fit. */
static void fill(int count, char **words) {
    static char block[1 << 20];
    char path[128];
    memset(block, 1, sizeof block);
    snprintf(path, sizeof path, "%s/filling", words[0]);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    if (file < 0) {
        held(words[0], errno);
        return;
    }
    for (long n = 0; n < number(count, words, 1, 256); n++) {
        ssize_t wrote = write(file, block, sizeof block);
        if (wrote < 0) {
            held(words[0], errno);
            return;
        }
    }
    breach(words[0]);
}

static void files(int count, char **words) {
    long most = number(count, words, 0, 2048);
    for (long n = 3; n < most; n++)
        if (open("/in/data.txt", O_RDONLY) < 0) {
            held("open files", errno);
            return;
        }
    breach("open files");
}

static void inodes(int count, char **words) {
    for (long n = 0; n < number(count, words, 1, 1000000); n++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%ld", words[0], n);
        int file = open(path, O_WRONLY | O_CREAT, 0600);
        if (file < 0) {
            held(words[0], errno);
            return;
        }
        close(file);
    }
    breach(words[0]);
}

static int deeper(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth ? deeper(depth - 1) + frame[0] : frame[0];
}

static void stack(int count, char **words) {
    deeper(1 << 20);
    breach("endless recursion");
}

/* Words: a deed that never ends by itself. */
static void spin(int count, char **words) {
    for (volatile unsigned long n = 0;; n++) {}
}

/* Says every 20 ms that it lives, and keeps what it knows. */
static void neighbour(int count, char **words) {
    int file = open("/out/beat", O_RDWR | O_CREAT, 0644);
    for (unsigned long beat = 1;; beat++) {
        char text[24];
        int length = snprintf(text, sizeof text, "%020lu\n", beat);
        if (pwrite(file, text, (size_t)length, 0) != length) exit(5);
        usleep(20000);
    }
}

const struct attack hunger_attacks[] = {
    {"memory", memory}, {"fill", fill}, {"open-files", files}, {"inodes", inodes},
    {"stack", stack}, {"spin", spin}, {"neighbour", neighbour}, {0, 0},
};
