/* Things in out/ and checkpoint/ that are no files; a system call makes each. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void fifo(int count, char **words) {
    if (mkfifo(words[0], 0666)) held(words[0], errno);
}

static void unix_socket(int count, char **words) {
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    strncpy(here.sun_path, words[0], sizeof here.sun_path - 1);
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    if (file < 0 || bind(file, (struct sockaddr *)&here, sizeof here)) held(words[0], errno);
}

/* Nobody may look into it any more, nor remove what is in it. */
static void locked_folder(int count, char **words) {
    mkdir("/out/locked", 0755);
    mkdir("/out/locked/inner", 0755);
    int file = open("/out/locked/inner/file", O_WRONLY | O_CREAT, 0644);
    close(file);
    chmod("/out/locked/inner", 0);
    chmod("/out/locked", 0);
}

/* The folder itself, where it is the task's own, as it is under rootless engines. */
static void locked_output(int count, char **words) {
    judge("close out", chmod("/out", 0));
    for (;;) pause();
}

static void setuid_file(int count, char **words) {
    int file = open("/out/result", O_WRONLY | O_CREAT, 0777);
    write(file, "x", 1);
    fchmod(file, 06777);
}

const struct attack node_attacks[] = {
    {"fifo", fifo}, {"unix-socket", unix_socket}, {"locked-folder", locked_folder},
    {"locked-output", locked_output}, {"setuid-file", setuid_file}, {0, 0},
};
