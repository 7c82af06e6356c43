/* Four kinds of work in units of some ten milliseconds, without end: efficiency_task KIND FOLDER.

   After each unit a byte is appended to `units` in the folder, so that whoever measures can count
   them from outside: a guest's own clock may be a made one. */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

static volatile uint64_t kept;
static volatile double kept_real;

static int integer(void) {
    uint64_t x = 88172645463325252u, sum = kept;
    for (int i = 0; i < 5000000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += x % 1000003;
    }
    kept = sum;
    return 0;
}

/* A small dense multiplication: what most numerical programs do most of the time. */
static int floating(void) {
    static double a[96][96], b[96][96], c[96][96];
    for (int i = 0; i < 96; i++)
        for (int j = 0; j < 96; j++) a[i][j] = i + kept_real, b[i][j] = 1.0 / (i + j + 1);
    for (int round = 0; round < 16; round++)
        for (int i = 0; i < 96; i++)
            for (int j = 0; j < 96; j++) {
                double sum = 0;
                for (int k = 0; k < 96; k++) sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
    kept_real = c[7][9] * 1e-9;
    return 0;
}

/* Steps through 16 MiB at random: misses of caches and of the address translation. */
static int memory(void) {
    enum { WORDS = 1 << 22 };
    static uint32_t *next;
    if (!next) {
        next = malloc(sizeof *next * WORDS);
        if (!next) return 1;
        for (uint32_t i = 0; i < WORDS; i++) next[i] = (i * 2654435761u + 12345u) % WORDS;
    }
    uint32_t at = (uint32_t)kept % WORDS;
    for (int i = 0; i < 300000; i++) at = next[at] ^ (i & 7);
    kept = at;
    return 0;
}

static int file(const char *folder) {
    static char block[1 << 16], name[256];
    snprintf(name, sizeof name, "%s/scratch", folder);
    for (int round = 0; round < 2; round++) {
        int one = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (one < 0) return 2;
        for (int i = 0; i < 64; i++)
            if (write(one, block, sizeof block) != sizeof block) return 3;
        if (lseek(one, 0, SEEK_SET) != 0) return 4;
        for (int i = 0; i < 64; i++)
            if (read(one, block, sizeof block) != sizeof block) return 5;
        if (close(one)) return 6;
    }
    return unlink(name) ? 7 : 0;
}

static int unit(const char *kind, const char *folder) {
    return !strcmp(kind, "integer")    ? integer()
           : !strcmp(kind, "floating") ? floating()
           : !strcmp(kind, "memory")   ? memory()
           : !strcmp(kind, "file")     ? file(folder)
                                       : 64;
}

int main(int count, char **words) {
    static char name[256];
    if (count != 3) return 64;
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it never ends by itself, so it ends with who started it */
#endif
    snprintf(name, sizeof name, "%s/units", words[2]);
    int units = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (units < 0) return 8;
    for (;;) {
        int failed = unit(words[1], words[2]);
        if (failed) return failed;
        if (write(units, "+", 1) != 1) return 9;
    }
}
