/* Every frame of x: gates r, z, candidate n, then h = (1 - z) n + z h, written to y. step -1 begins at the end. */
static void gru(const float *w, const float *u, const float *b, const float *b_hn, const float *x, float *y, int count,
                int inputs, int units, int width, int step)
{
    const float *r = gates, *z = gates + units, *n = gates + 2 * units;
    float *of_h = gates + 3 * units;
    int t, k;
    for (k = 0; k < units; k++)
        hidden[k] = 0.0f;
    for (t = 0; t < count; t++) {
        const size_t at = (size_t)(step < 0 ? count - 1 - t : t);
        dense(w, b, x + at * inputs, gates, inputs, 3 * units);
        for (k = 0; k < 3 * units; k++)
            of_h[k] = k < 2 * units ? 0.0f : b_hn[k - 2 * units];
        add_product(u, hidden, of_h, units, 3 * units);
        for (k = 0; k < 2 * units; k++)
            gates[k] += of_h[k];
        sigmoid(gates, 2 * units);
        for (k = 0; k < units; k++) {
            hidden[k] = (1.0f - z[k]) * tanhf(n[k] + r[k] * of_h[2 * units + k]) + z[k] * hidden[k];
            y[at * width + k] = hidden[k];
        }
    }
}
