/* The mean over all frames. */
static void mean(const float *x, float *y, int count, int units, int width)
{
    int k, t;
    (void)units;
    for (k = 0; k < width; k++) {
        y[k] = 0.0f;
        for (t = 0; t < count; t++)
            y[k] += x[(size_t)t * width + k];
        y[k] /= (float)count;
    }
}
