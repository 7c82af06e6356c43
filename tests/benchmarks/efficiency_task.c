/* Four kinds of work in units of some ten milliseconds: efficiency_task KIND UNITS FOLDER. */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int main(int count, char **words) {
    if (count != 4) return 64;
    for (int left = atoi(words[2]); left > 0; left--) {
        int failed = !strcmp(words[1], "integer")    ? integer()
                     : !strcmp(words[1], "floating") ? floating()
                     : !strcmp(words[1], "memory")   ? memory()
                     : !strcmp(words[1], "file")     ? file(words[3])
                                                     : 64;
        if (failed) return failed;
    }
    return 0;
}
