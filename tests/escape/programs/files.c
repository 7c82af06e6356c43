/* The host's files, and what could be learnt of the host. Also for WebAssembly. */
#define _GNU_SOURCE
#include "hostile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* Words: paths, none of which may be opened. */
static void read_files(int count, char **words) {
    for (int i = 0; i < count; i++) {
        int file = open(words[i], O_RDONLY | O_NONBLOCK);
        char byte;
        judge(words[i], file < 0 ? -1 : read(file, &byte, 1) == 1 ? 0 : -1);
        if (file >= 0) close(file);
    }
}

static int holds(const char *path, const char *needle) {
    static char text[1 << 16];
    int file = open(path, O_RDONLY | O_NONBLOCK), found = 0;
    if (file < 0) return -1;
    size_t length = 0;
    ssize_t got;
    while (length + 1 < sizeof text && (got = read(file, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    close(file);
    size_t size = strlen(needle);
    for (size_t at = 0; size && at + size <= length && !found; at++) found = !memcmp(text + at, needle, size);
    errno = 0;
    return found ? 0 : -1;
}

/* Words: a needle (not as it is, so that it is not found in our own arguments: each letter is one
   higher), then paths in which it may not be. */
static void seek(int count, char **words) {
    char needle[256] = {0};
    for (int i = 0; words[0][i] && i < 255; i++) needle[i] = (char)(words[0][i] - 1);
    for (int i = 1; i < count; i++) judge(words[i], holds(words[i], needle));
    for (char **entry = environ; entry && *entry; entry++)
        if (strstr(*entry, needle)) breach("environment");
    held("environment", 0);
}

static void listed(int count, char **words) {
    for (int i = 0; i < count; i++) {
        DIR *folder = opendir(words[i]);
        struct dirent *entry;
        int found = 0;
        while (folder && (entry = readdir(folder)))
            found |= strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
        if (folder) closedir(folder);
        if (found) breach(words[i]);
        else held(words[i], folder ? 0 : errno);
    }
}

/* The input is not the task's to change, nor a way to a file of the host. */
static void input(int count, char **words) {
    judge("write", open("/in/data.txt", O_WRONLY));
    judge("truncate", open("/in/data.txt", O_WRONLY | O_TRUNC));
    judge("create", open("/in/new.txt", O_WRONLY | O_CREAT, 0644));
    judge("remove", unlink("/in/data.txt"));
    judge("rename", rename("/in/data.txt", "/in/other.txt"));
    judge("move", rename("/in/data.txt", "/out/moved.txt"));
    judge("folder", mkdir("/in/folder", 0755));
    judge("symlink", symlink("/etc/passwd", "/in/symlink"));
#ifndef __wasi__
    judge("chmod", chmod("/in/data.txt", 0777));
    judge("chmod folder", chmod("/in", 0777));
    judge("write /", open("/escaped", O_WRONLY | O_CREAT, 0644));
    judge("write /etc", open("/etc/passwd", O_WRONLY));
    judge("write program", open("/hostile", O_WRONLY));
#endif
    judge("link", link("/in/data.txt", "/out/linked.txt")); /* ends a module: the last step */
}

/* out/ itself stays where it is. */
static void replace_output(int count, char **words) {
    judge("rename out", rename("/out", "/out2"));
    judge("rename out into itself", rename("/out", "/out/x"));
    judge("remove out", rmdir("/out"));
    judge("link over out", symlink("/etc", "/out"));
    judge("climb", open("/out/../../../../../../etc/shadow", O_RDONLY));
    judge("rename out of it", rename("/in/../out", "/in/../tmp"));
}

/* Descriptors that whoever started us forgot to close. */
static void descriptors(int count, char **words) {
    int found = 0;
    for (int file = 3; file < 1024; file++) {
        struct stat state;
        if (file == own_file()) continue;
#ifdef __wasi__
        /* the folders that were given are descriptors, too */
        if (!fstat(file, &state) && !S_ISDIR(state.st_mode)) found++;
#else
        if (!fstat(file, &state)) found++;
#endif
    }
    if (found) breach("inherited descriptors");
    else held("inherited descriptors", EBADF);
}

const struct attack file_attacks[] = {
    {"read", read_files}, {"seek", seek}, {"list", listed}, {"input", input},
    {"replace-output", replace_output}, {"descriptors", descriptors}, {0, 0},
};
