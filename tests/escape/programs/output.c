/* Output that lies in wait for whoever reads it. Also for WebAssembly. */
#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#ifndef __wasi__
#include <signal.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) held(path, errno);
    else if (write(file, text, strlen(text)) < 0) held(path, errno);
    if (file >= 0) close(file);
}

static void name_newline(int count, char **words) { put("/out/a\nFINISHED\n", "x"); }
static void name_bidi(int count, char **words) { put("/out/a\xe2\x80\xaegpj.exe", "x"); }
static void name_escape(int count, char **words) { put("/out/\x1b]0;owned\x07", "x"); }
static void name_device(int count, char **words) { put("/out/CON.txt", "x"); }
static void name_hidden(int count, char **words) { put("/out/.bashrc", "x"); }
static void name_dash(int count, char **words) { put("/out/-rf", "x"); }

static void name_long(int count, char **words) {
    char path[300] = "/out/";
    memset(path + 5, 'a', 255);
    put(path, "x");
}

static void name_twins(int count, char **words) {
    put("/out/Result.txt", "x");
    put("/out/result.TXT", "y");
}

/* Words: where the link points. */
static void link_to(int count, char **words) {
    if (symlink(words[0], "/out/result.txt")) held("symlink", errno);
}

static void hard_link(int count, char **words) {
    put("/out/one.txt", "x");
    if (link("/out/one.txt", "/out/two.txt")) held("hard link", errno);
}

static void folder(int count, char **words) { mkdir("/out/folder", 0755); }

/* Deeper than any path may be long, and than any recursion goes. */
static void deep(int count, char **words) {
    static char path[60000] = "/out/d";
    mkdir(path, 0755);
#ifdef __wasi__
    for (int depth = 1; depth < 1500; depth++) {
        strcat(path, "/d");
        if (mkdir(path, 0755)) break;
    }
#else
    if (chdir(path)) return;
    for (int depth = 1; depth < 6000; depth++) if (mkdir("d", 0755) || chdir("d")) break;
    put("bottom", "x");
#endif
}

static void many(int count, char **words) {
    for (long n = 0; n < 200000; n++) {
        char path[32];
        snprintf(path, sizeof path, "/out/%ld", n);
        int file = open(path, O_WRONLY | O_CREAT, 0644);
        if (file >= 0) close(file);
    }
}

/* A file that says that it is huge, and holds nothing. */
static void sparse(int count, char **words) {
    int file = open("/out/sparse", O_RDWR | O_CREAT, 0644);
    if (ftruncate(file, 1ll << 40)) held("a sparse file of 1 TiB", errno);
    else breach("a sparse file of 1 TiB");
    if (pwrite(file, "x", 1, 1ll << 40) < 0) held("a byte at 1 TiB", errno);
    else breach("a byte at 1 TiB");
}

static void huge(int count, char **words) {
    static char block[1 << 16];
    int file = open("/out/huge", O_WRONLY | O_CREAT, 0644);
    for (int n = 0; n < 1 << 14; n++)
        if (write(file, block, sizeof block) < 0) {
            held("a file of 1 GiB", errno);
            return;
        }
    breach("a file of 1 GiB");
}

/* A file without a name is not seen by whoever lists the folder. */
static void nameless(int count, char **words) {
    static char block[1 << 20];
#ifndef __wasi__
    signal(SIGXFSZ, SIG_IGN);
#endif
    long limit_mib = number(count, words, 0, 64), written_mib = 0;
    for (int n = 0; n < 900 && written_mib < limit_mib; n++) {
        int file = open("/out/nameless", O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (file < 0) break;
        unlink("/out/nameless");
        while (written_mib < limit_mib && write(file, block, sizeof block) == sizeof block) written_mib++;
    }
    fprintf(stderr, "written: %ld MiB\n", written_mib);
    for (;;) sleep(1);
}

/* Room on the disk in one call, without writing. */
static void reserve(int count, char **words) {
    int file = open("/out/reserved", O_WRONLY | O_CREAT, 0644);
    errno = 0;
    int error = posix_fallocate(file, 0, 1 << 19); /* some libraries answer -1 */
    if (error) held("reserve room", error > 0 ? error : errno);
    else breach("reserve room");
    unlink("/out/reserved");
}

/* Words: a path of the host. The name is a file and a link to it by turns, without end. */
static void race(int count, char **words) {
    for (;;) {
        put("/out/.file", "mine");
        rename("/out/.file", "/out/result.txt");
        symlink(words[0], "/out/.link");
        rename("/out/.link", "/out/result.txt");
    }
}

static void race_hard(int count, char **words) {
    for (;;) {
        put("/out/one.txt", "mine");
        link("/out/one.txt", "/out/two.txt");
        unlink("/out/one.txt");
        rename("/out/two.txt", "/out/one.txt");
    }
}

static void speak(int count, char **words) {
    static const char said[] =
        "\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0gLXJmIC8=\x07\x1bP1$r\x1b\\\x9b" "31m\r"
        "abc\xe2\x80\xae" "cba\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\x8b\xef\xbb\xbf"
        "\xf3\xa0\x81\x81\xe2\x80\x8e\xd8\x9c\xc2\x85\0\xff\xfe\xc0\xaf<b>&amp;</b>\nend\n";
    write(1, said, sizeof said - 1);
    write(2, said, sizeof said - 1);
    exit(7);
}

static void long_line(int count, char **words) {
    static char block[1 << 16];
    memset(block, 'A', sizeof block);
    for (int n = 0; n < 100; n++) write(2, block, sizeof block);
    write(2, "\nthe end\n", 9);
    exit(7);
}

static void flood(int count, char **words) {
    static char block[1 << 16];
    memset(block, number(count, words, 0, 2) == 1 ? 'o' : '\n', sizeof block);
    for (;;) write((int)number(count, words, 0, 2), block, sizeof block);
}

static void leave(int count, char **words) { exit((int)number(count, words, 0, 1)); }

const struct attack output_attacks[] = {
    {"name-newline", name_newline}, {"name-bidi", name_bidi}, {"name-escape", name_escape},
    {"name-device", name_device}, {"name-hidden", name_hidden}, {"name-dash", name_dash},
    {"name-long", name_long}, {"name-twins", name_twins}, {"link", link_to},
    {"hard-link", hard_link}, {"folder", folder}, {"deep", deep}, {"many", many},
    {"sparse", sparse}, {"huge", huge}, {"nameless", nameless}, {"reserve", reserve},
    {"race", race}, {"race-hard", race_hard}, {"speak", speak}, {"long-line", long_line},
    {"flood", flood}, {"leave", leave}, {0, 0},
};
