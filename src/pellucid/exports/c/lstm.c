/* Every frame of x: gates i, f, g, o, then c = f c + i g and h = o tanh(c), written to y. step -1 begins at the end. */
static void lstm(const float *w, const float *u, const float *b, const float *x, float *y, int count, int inputs,
                 int units, int width, int step)
{
    const float *i = gates, *f = gates + units, *g = gates + 2 * units, *o = gates + 3 * units;
    int t, k;
    for (k = 0; k < units; k++)
        hidden[k] = cell[k] = 0.0f;
    for (t = 0; t < count; t++) {
        const size_t at = (size_t)(step < 0 ? count - 1 - t : t);
        dense(w, b, x + at * inputs, gates, inputs, 4 * units);
        add_product(u, hidden, gates, units, 4 * units);
        sigmoid(gates, 2 * units);
        hyperbolic_tangent(gates + 2 * units, units);
        sigmoid(gates + 3 * units, units);
        for (k = 0; k < units; k++) {
            cell[k] = f[k] * cell[k] + i[k] * g[k];
            hidden[k] = o[k] * tanhf(cell[k]);
            y[at * width + k] = hidden[k];
        }
    }
}
