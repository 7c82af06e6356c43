/* The hostile task of the sandbox contract: its first argument says what it tries. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int echo(int count, char **words) {
    FILE *file = fopen("/out/words.txt", "w");
    if (!file) return 20;
    for (int i = 0; i < count; i++) fprintf(file, "%s\n", words[i]);
    return fclose(file) ? 21 : 0;
}

static int copy_input(void) {
    char text[64] = {0};
    FILE *from = fopen("/in/data.txt", "r");
    if (!from) return 22;
    size_t length = fread(text, 1, sizeof text, from);
    fclose(from);
    FILE *to = fopen("/out/copy.txt", "w");
    if (!to) return 23;
    fwrite(text, 1, length, to);
    fclose(to);
    if (fopen("/in/data.txt", "r+")) return 24;
    if (fopen("/in/new.txt", "w")) return 25;
    return 0;
}

/* Counts in memory; a line per count shows that nothing of it is lost by a pause. */
static int count(void) {
    volatile unsigned long work = 0;
    int out = open("/out/count.txt", O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (out < 0) return 26;
    for (unsigned n = 1;; n++) {
        char line[16];
        int length = snprintf(line, sizeof line, "%u\n", n);
        if (write(out, line, (size_t)length) != length) return 27;
        for (unsigned i = 0; i < 3000000; i++) work += i;
    }
}

/* Kept where the compiler must suppose that somebody reads them. */
static char *volatile kept[1024];

static int allocate(void) {
    for (int n = 0; n < 1024; n++) {
        char *block = malloc(1 << 20);
        if (!block) return 28;
        memset(block, n, 1 << 20);
        kept[n] = block;
    }
    return 0;
}

/* In few, large writes: a sandbox may make each system call dear. */
static void flood(void) {
    static char buffer[1 << 16];
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
    for (;;) fputs("a line of much noise and little sense\n", stderr);
}

static int fill(void) {
    static char block[1 << 16];
    for (int n = 0;; n++) {
        char name[32];
        snprintf(name, sizeof name, "/out/part-%d", n % 2);
        FILE *file = fopen(name, "a");
        if (file) {
            fwrite(block, 1, sizeof block, file);
            fclose(file);
        }
    }
}

static int many(void) {
    for (int n = 0;; n++) {
        char name[32];
        snprintf(name, sizeof name, "/out/file-%d", n % 5000);
        FILE *file = fopen(name, "w");
        if (file) fclose(file);
    }
}

static int environment(void) {
    for (char **entry = environ; *entry; entry++) fprintf(stderr, "%s\n", *entry);
    return 1;
}

int main(int count_words, char **words) {
    const char *what = count_words > 1 ? words[1] : "";
    if (!strcmp(what, "echo")) return echo(count_words - 2, words + 2);
    if (!strcmp(what, "exit")) return atoi(words[2]);
    if (!strcmp(what, "copy")) return copy_input();
    if (!strcmp(what, "count")) return count();
    if (!strcmp(what, "allocate")) return allocate();
    if (!strcmp(what, "fill")) return fill();
    if (!strcmp(what, "many")) return many();
    if (!strcmp(what, "environment")) return environment();
    if (!strcmp(what, "sleep")) for (;;) sleep(1);
    if (!strcmp(what, "link")) return symlink("secret", "/out/link") ? 29 : 0;
    if (!strcmp(what, "folder")) return mkdir("/out/folder", 0755) ? 31 : 0;
    if (!strcmp(what, "flood")) flood();
    if (!strcmp(what, "say")) {
        fputs("first\nthe \033[31mlast\033[0m words\n", stderr);
        return 7;
    }
    if (!strcmp(what, "peek")) return fopen(words[2], "r") ? 30 : 0;
    return 99;
}
