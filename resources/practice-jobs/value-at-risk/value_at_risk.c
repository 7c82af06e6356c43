/* Monte-Carlo value-at-risk of a portfolio over ten trading days.
 *
 * Every day each asset's return is its drift plus its volatility of that day times a shock. Shocks
 * are Student-t with four degrees of freedom (fat tails), correlated by a Cholesky factor, and
 * volatility clusters: a large shock raises tomorrow's (GARCH(1,1)).
 *
 * Only + - * / and sqrt touch a floating-point number, each rounded exactly by IEEE 754, so any
 * machine (and check.py, in Python) computes the very same bits. Student-t with four degrees needs
 * no logarithm: R. W. Bailey, "Polar generation of random variates with the t-distribution",
 * Mathematics of Computation 62 (1994).
 *
 * Arguments: --seed N --blocks N --block-paths N. Reads /in/portfolio.csv and
 * /in/correlation.csv, writes /out/losses.json. Exit status: 0, or 1 with a sentence.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ASSETS = 32, DAYS = 10, BINS = 1200, LINE = 1024 };

static const double BIN_WIDTH = 0.0005, LOWEST_LOSS = -0.30;
static const double GARCH_SHOCK = 0.08, GARCH_MEMORY = 0.90, TRADING_DAYS = 252.0;

typedef struct {
    int assets;
    double total_usd, value_usd[MAX_ASSETS], daily_variance[MAX_ASSETS], daily_drift[MAX_ASSETS];
    double factor[MAX_ASSETS][MAX_ASSETS];
} portfolio;

static uint64_t state;

static void fail(const char *sentence)
{
    fprintf(stderr, "%s\n", sentence);
    exit(1);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_bits(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [-1, 1). */
static double next_signed(void)
{
    return (double)(next_bits() >> 11) * 0x1p-52 - 1.0;
}

/* Student-t with four degrees of freedom, scaled to variance 1 (its own variance is 2). */
static double next_shock(void)
{
    double u, v, w;
    do {
        u = next_signed();
        v = next_signed();
        w = u * u + v * v;
    } while (w >= 1.0 || w == 0.0);
    return u * sqrt(2.0 * (1.0 / sqrt(w) - 1.0) / w);
}

static void read_portfolio(portfolio *p)
{
    char line[LINE];
    FILE *file = fopen("/in/portfolio.csv", "r");
    if (!file || !fgets(line, sizeof line, file))
        fail("portfolio.csv is missing or empty.");
    while (fgets(line, sizeof line, file)) {
        char *fields = strchr(line, ',');
        if (!fields || p->assets == MAX_ASSETS)
            fail("portfolio.csv is malformed or has more than 32 assets.");
        double volatility;
        int i = p->assets++;
        p->value_usd[i] = strtod(fields + 1, &fields);
        volatility = strtod(fields + 1, &fields);
        p->daily_drift[i] = strtod(fields + 1, &fields) / TRADING_DAYS;
        p->daily_variance[i] = volatility * volatility / TRADING_DAYS;
        p->total_usd += p->value_usd[i];
    }
    fclose(file);
    if (!p->assets || !(p->total_usd > 0.0))
        fail("portfolio.csv holds nothing of value.");
}

/* Read the correlations and replace them by their lower Cholesky factor. */
static void read_correlation(portfolio *p)
{
    char line[LINE];
    FILE *file = fopen("/in/correlation.csv", "r");
    if (!file)
        fail("correlation.csv is missing.");
    for (int i = 0; i < p->assets; i++) {
        char *fields = line;
        if (!fgets(line, sizeof line, file))
            fail("correlation.csv has fewer rows than the portfolio has assets.");
        for (int j = 0; j < p->assets; j++, fields++)
            p->factor[i][j] = strtod(fields, &fields);
    }
    fclose(file);
    for (int i = 0; i < p->assets; i++)
        for (int j = 0; j <= i; j++) {
            double sum = p->factor[i][j];
            for (int k = 0; k < j; k++)
                sum -= p->factor[i][k] * p->factor[j][k];
            if (i == j && !(sum > 0.0))
                fail("The correlations contradict each other: the matrix is not positive definite.");
            p->factor[i][j] = i == j ? sqrt(sum) : sum / p->factor[j][j];
        }
}

/* One path of ten days; returns the loss as a share of the portfolio's value. */
static double path_loss(const portfolio *p)
{
    double value[MAX_ASSETS], variance[MAX_ASSETS], shock[MAX_ASSETS], end_usd = 0.0;
    memcpy(value, p->value_usd, sizeof value);
    memcpy(variance, p->daily_variance, sizeof variance);
    for (int day = 0; day < DAYS; day++) {
        for (int i = 0; i < p->assets; i++)
            shock[i] = next_shock();
        for (int i = 0; i < p->assets; i++) {
            double z = 0.0;
            for (int j = 0; j <= i; j++)
                z += p->factor[i][j] * shock[j];
            double growth = 1.0 + p->daily_drift[i] + sqrt(variance[i]) * z;
            value[i] *= growth > 0.0 ? growth : 0.0;
            variance[i] = (1.0 - GARCH_SHOCK - GARCH_MEMORY) * p->daily_variance[i]
                + (GARCH_SHOCK * (z * z) + GARCH_MEMORY) * variance[i];
        }
    }
    for (int i = 0; i < p->assets; i++)
        end_usd += value[i];
    return 1.0 - end_usd / p->total_usd;
}

static void simulate(const portfolio *p, uint64_t seed, long blocks, long block_paths, FILE *out)
{
    static long histogram[BINS];
    fprintf(out, "{\"portfolio_usd\": %.17g, \"paths\": %ld,\n\"blocks\": [", p->total_usd,
            blocks * block_paths);
    for (long block = 0; block < blocks; block++) {
        double sum = 0.0, worst = -1.0;
        state = seed * 0xd1342543de82ef95u + (uint64_t)block;
        state = next_bits();
        for (long path = 0; path < block_paths; path++) {
            double loss = path_loss(p);
            long bin = (long)((loss - LOWEST_LOSS) / BIN_WIDTH);
            histogram[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
            sum += loss;
            worst = loss > worst ? loss : worst;
        }
        fprintf(out, "%s[%.17g, %.17g]", block ? ", " : "", sum, worst);
    }
    fprintf(out, "],\n\"lowest_loss\": %.17g, \"bin_width\": %.17g,\n\"histogram\": [", LOWEST_LOSS,
            BIN_WIDTH);
    for (int bin = 0; bin < BINS; bin++)
        fprintf(out, "%s%ld", bin ? ", " : "", histogram[bin]);
    fprintf(out, "]}\n");
}

int main(int argc, char **argv)
{
    static portfolio p;
    uint64_t seed = 0;
    long blocks = 0, block_paths = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--seed"))
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--blocks"))
            blocks = strtol(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--block-paths"))
            block_paths = strtol(argv[i + 1], NULL, 10);
    }
    if (blocks < 1 || block_paths < 1)
        fail("Say --seed N --blocks N --block-paths N.");
    read_portfolio(&p);
    read_correlation(&p);
    FILE *out = fopen("/out/losses.json", "w");
    if (!out)
        fail("/out cannot be written to.");
    simulate(&p, seed, blocks, block_paths, out);
    return fclose(out) ? 1 : 0;
}
