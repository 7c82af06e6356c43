/* A libnvidia-ml.so.1 that answers what a file tells it to, read anew at each call.
 *
 * Written from NVIDIA's NVML API reference. The file, named by GRIDLE_NVML_STUB, has a line a fact:
 *   cards N
 *   card INDEX temperature|power|utilisation|used VALUE
 *   compute INDEX PID   |   graphics INDEX PID   |   sample INDEX PID PERCENT
 *   fail FUNCTION INDEX CODE      (INDEX -1: at any card)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

typedef int nvmlReturn_t;
typedef struct card *nvmlDevice_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned gpu, memory; } nvmlUtilization_t;
typedef struct {
    unsigned pid;
    unsigned long long usedGpuMemory;
    unsigned gpuInstanceId, computeInstanceId;
} nvmlProcessInfo_t;
typedef struct {
    unsigned pid;
    unsigned long long timeStamp;
    unsigned smUtil, memUtil, encUtil, decUtil;
} nvmlProcessUtilizationSample_t;

enum { OK = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_FOUND = 6, TOO_SMALL = 7,
       DRIVER_NOT_LOADED = 9 };

static int initialised;

static FILE *facts(void) {
    const char *path = getenv("GRIDLE_NVML_STUB");
    return path ? fopen(path, "r") : NULL;
}

/* Handles are card numbers, counted from one. */
static int number_of(nvmlDevice_t device) { return (int)(size_t)device - 1; }

static long fact(const char *key, int card, long otherwise) {
    char line[256], name[64];
    int index;
    long value;
    FILE *file = facts();
    while (file && fgets(line, sizeof line, file)) {
        if (card < 0 && sscanf(line, "cards %ld", &value) == 1 && !strcmp(key, "cards"))
            otherwise = value;
        if (sscanf(line, "card %d %63s %ld", &index, name, &value) == 3 && index == card &&
            !strcmp(name, key))
            otherwise = value;
    }
    if (file) fclose(file);
    return otherwise;
}

static nvmlReturn_t failure(const char *function, int card) {
    char line[256], name[64];
    int index, code, found = initialised ? OK : UNINITIALIZED;
    FILE *file = facts();
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "fail %63s %d %d", name, &index, &code) == 3 && !strcmp(name, function) &&
            (index == card || index < 0))
            found = code;
    if (file) fclose(file);
    return found;
}

#define CHECK(device)                                            \
    do {                                                         \
        nvmlReturn_t code = failure(__func__, number_of(device)); \
        if (code != OK) return code;                             \
    } while (0)

nvmlReturn_t nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    if (fact("cards", -1, -1) < 0) return DRIVER_NOT_LOADED;
    initialised = 1;
    return OK;
}

nvmlReturn_t nvmlShutdown(void) {
    initialised = 0;
    return OK;
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) {
    nvmlReturn_t code = failure(__func__, -1);
    *count = (unsigned)fact("cards", -1, 0);
    return code;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    *device = (nvmlDevice_t)(size_t)(index + 1);
    CHECK(*device);
    return (long)index < fact("cards", -1, 0) ? OK : INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length) {
    CHECK(device);
    snprintf(name, length, "Stub Card %d", number_of(device));
    return OK;
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length) {
    CHECK(device);
    snprintf(uuid, length, "GPU-stub-%d", number_of(device));
    return OK;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    CHECK(device);
    memory->total = 16ull << 30;
    memory->used = (unsigned long long)fact("used", number_of(device), 0);
    memory->free = memory->total - memory->used;
    return OK;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *rates) {
    CHECK(device);
    rates->gpu = (unsigned)fact("utilisation", number_of(device), 0);
    rates->memory = 0;
    return OK;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned *celsius) {
    CHECK(device);
    *celsius = (unsigned)fact("temperature", number_of(device), 40);
    return sensor == 0 ? OK : INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *milliwatts) {
    CHECK(device);
    *milliwatts = (unsigned)fact("power", number_of(device), 0);
    return OK;
}

static nvmlReturn_t list(const char *kind, int card, unsigned *count, nvmlProcessInfo_t *infos) {
    char line[256], name[64];
    int index;
    unsigned pid, room = infos ? *count : 0, found = 0;
    FILE *file = facts();
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%63s %d %u", name, &index, &pid) != 3 || strcmp(name, kind) ||
            index != card)
            continue;
        if (found < room) infos[found] = (nvmlProcessInfo_t){pid, 1 << 20, ~0u, ~0u};
        found++;
    }
    if (file) fclose(file);
    *count = found;
    return found > room ? TOO_SMALL : OK;
}

#ifdef OLD_DRIVER
#define COMPUTE nvmlDeviceGetComputeRunningProcesses_v2
#define GRAPHICS nvmlDeviceGetGraphicsRunningProcesses_v2
#else
#define COMPUTE nvmlDeviceGetComputeRunningProcesses_v3
#define GRAPHICS nvmlDeviceGetGraphicsRunningProcesses_v3
#endif

nvmlReturn_t COMPUTE(nvmlDevice_t device, unsigned *count, nvmlProcessInfo_t *infos) {
    CHECK(device);
    return list("compute", number_of(device), count, infos);
}

nvmlReturn_t GRAPHICS(nvmlDevice_t device, unsigned *count, nvmlProcessInfo_t *infos) {
    CHECK(device);
    return list("graphics", number_of(device), count, infos);
}

nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device,
                                             nvmlProcessUtilizationSample_t *samples,
                                             unsigned *count, unsigned long long since_us) {
    char line[256];
    int index;
    unsigned pid, percent, room = samples ? *count : 0, found = 0;
    struct timeval now;
    CHECK(device);
    gettimeofday(&now, NULL);
    unsigned long long now_us = now.tv_sec * 1000000ull + now.tv_usec;
    /* Asking for samples of more than a minute, or of the future, is a mistake of the caller's. */
    if (since_us > now_us || now_us - since_us > 60000000ull) return INVALID_ARGUMENT;
    FILE *file = facts();
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "sample %d %u %u", &index, &pid, &percent) != 3 ||
            index != number_of(device))
            continue;
        if (found < room)
            samples[found] = (nvmlProcessUtilizationSample_t){pid, now_us, percent, 0, 0, 0};
        found++;
    }
    if (file) fclose(file);
    *count = found;
    if (!found) return NOT_FOUND;
    return found > room ? TOO_SMALL : OK;
}
