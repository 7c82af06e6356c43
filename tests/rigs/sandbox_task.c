/* The hostile task of the sandbox contract: its first argument says what it tries. */
#include <errno.h>
#include <fcntl.h>
#ifndef __wasi__
#include <signal.h>
#endif
#include <stdint.h>
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

/* All that a run goes on from: where it is, its random generator, and what it has found so far. */
struct state {
    char magic[8];
    uint64_t step, random;
    double sum;
};

static int save(const struct state *now) {
    FILE *file = fopen("/checkpoint/state.new", "wb");
    if (!file) return -1;
    int written = fwrite(now, sizeof *now, 1, file) == 1 && !fflush(file) && !fsync(fileno(file));
    return fclose(file) || !written ? -1 : rename("/checkpoint/state.new", "/checkpoint/state");
}

/* However often it is broken off and goes on, the same steps give the same bytes. */
static int simulate(const char *steps, int (*is_asked)(void)) {
    struct state now = {"sim 1", 0, 88172645463325252u, 0.0};
    FILE *old = fopen("/checkpoint/state", "rb");
    if (old) {
        if (fread(&now, sizeof now, 1, old) != 1 || strcmp(now.magic, "sim 1")) return 40;
        fclose(old);
    }
    for (uint64_t all = strtoull(steps, NULL, 10); now.step < all; now.step++) {
        if (is_asked() && save(&now)) return 41;
        for (int i = 0; i < 100000; i++) {
            now.random ^= now.random << 13; /* xorshift (Marsaglia 2003) */
            now.random ^= now.random >> 7;
            now.random ^= now.random << 17;
            now.sum = now.sum * 0.999 + (double)(now.random >> 11) * 0x1p-53;
        }
    }
    FILE *result = fopen("/out/result.txt", "w");
    if (!result) return 42;
    fprintf(result, "%016llx %a\n", (unsigned long long)now.random, now.sum);
    return fclose(result) ? 43 : 0;
}

static int takes_request(void) { return unlink("/checkpoint/save") == 0; }

#ifdef __wasi__
static int listen_and_simulate(const char *steps) { (void)steps; return 99; }
static int make_fifo(void) { return 99; }
#else
static volatile sig_atomic_t heard;
static void hear(int number) { heard = number; }

static int was_signalled(void) {
    if (!heard) return 0;
    heard = 0;
    return takes_request();
}

static int listen_and_simulate(const char *steps) {
    signal(SIGUSR1, hear);
    return simulate(steps, was_signalled);
}

static int make_fifo(void) { return mkfifo("/checkpoint/state", 0644); }
#endif

static int make_file(const char *path, int kibibytes) {
    static char block[1024] = "not a state";
    FILE *file = fopen(path, "w");
    if (!file) return -1;
    for (int n = 0; n < kibibytes; n++) fwrite(block, 1, sizeof block, file);
    return fclose(file);
}

static int make_hard_link(void) {
    if (!link("/in/data.txt", "/checkpoint/state")) return 45;
    if (make_file("/out/other", 1)) return 46;
    if (!link("/out/other", "/checkpoint/state")) return 0;
    return make_file("/checkpoint/state", 1) || link("/checkpoint/state", "/checkpoint/state.new");
}

static int make_huge(void) {
    if (make_file("/checkpoint/state.new", 512)) return 47;
    return rename("/checkpoint/state.new", "/checkpoint/state");
}

static int make_folder(const char *path) { return mkdir(path, 0755); }
static int make_link(const char *path) { return symlink("../out/made", path); }

static int instead_of_request(int (*make)(const char *)) {
    while (make("/checkpoint/save")) unlink("/checkpoint/save");
    return 0;
}

/* Tampers with its checkpoint folder, then waits for what comes of it. */
static int tamper(const char *how) {
    int failed = 98;
    if (!strcmp(how, "link")) failed = symlink("../in/data.txt", "/checkpoint/state");
    if (!strcmp(how, "fifo")) failed = make_fifo();
    if (!strcmp(how, "folder")) failed = mkdir("/checkpoint/state", 0755);
    if (!strcmp(how, "hard-link")) failed = make_hard_link();
    if (!strcmp(how, "huge")) failed = make_huge();
    if (!strcmp(how, "extra")) failed = make_file("/checkpoint/notes", 1);
    if (!strcmp(how, "request-folder")) failed = instead_of_request(make_folder);
    if (!strcmp(how, "request-link")) failed = instead_of_request(make_link);
    while (!failed) sleep(1);
    return failed;
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
    if (!strcmp(what, "simulate")) return simulate(words[2], takes_request);
    if (!strcmp(what, "listen")) return listen_and_simulate(words[2]);
    if (!strcmp(what, "tamper")) return tamper(words[2]);
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
