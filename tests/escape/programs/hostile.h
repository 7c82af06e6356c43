/* What every attack says: BREACH where it got through, HELD with the error where not. */
#pragma once
#include <errno.h>

struct attack {
    const char *name;
    void (*run)(int count, char **words);
};

void held(const char *what, int error);
void breach(const char *what);

/* An attack that returns something other than -1 got through. */
void judge(const char *what, long result);

/* The one descriptor that the program holds itself. */
int own_file(void);

/* The number of a word, or the default where it is not there. */
long number(int count, char **words, int index, long otherwise);

extern const struct attack file_attacks[];
extern const struct attack output_attacks[];
extern const struct attack hunger_attacks[];
extern const struct attack state_attacks[];
#ifndef __wasi__
extern const struct attack kernel_attacks[];
extern const struct attack rights_attacks[];
extern const struct attack device_attacks[];
extern const struct attack network_attacks[];
extern const struct attack process_attacks[];
extern const struct attack swarm_attacks[];
extern const struct attack node_attacks[];
#endif
