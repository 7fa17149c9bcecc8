/* Every frame of x: h = f(w x + u h + b), written to y. step -1 begins at the end. */
static void rnn(const float *w, const float *u, const float *b, void (*f)(float *, int), const float *x, float *y,
                int count, int inputs, int units, int width, int step)
{
    int t, k;
    for (k = 0; k < units; k++)
        hidden[k] = 0.0f;
    for (t = 0; t < count; t++) {
        const size_t at = (size_t)(step < 0 ? count - 1 - t : t);
        dense(w, b, x + at * inputs, gates, inputs, units);
        add_product(u, hidden, gates, units, units);
        f(gates, units);
        for (k = 0; k < units; k++)
            y[at * width + k] = hidden[k] = gates[k];
    }
}
