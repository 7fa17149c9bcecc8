/* x as whole numbers from -most to most, and the step between two of them: x[i] is about q[i] * step. */
static float quantize(const float *x, int16_t *q, int count, float most)
{
    float largest = 0.0f;
    int i;
    for (i = 0; i < count; i++)
        if (fabsf(x[i]) > largest)
            largest = fabsf(x[i]);
    for (i = 0; i < count; i++) {
        const float scaled = largest > 1e-30f ? x[i] / largest * most : 0.0f;
        const float whole = scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f;
        q[i] = whole <= most + 0.5f && whole >= -most - 0.5f ? (int16_t)whole : 0;
    }
    return largest / most;
}
