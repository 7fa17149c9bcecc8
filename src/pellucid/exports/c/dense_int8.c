/* y[o] = b[o] + scale[o] step sum over i of w[o][i] q[i], where x is about step q */
static void dense_int8(const int8_t *w, const float *scale, const float *b, const float *x, float *y, int inputs,
                       int outputs, float most)
{
    const float step = quantize(x, whole_numbers, inputs, most);
    int o, i;
    for (o = 0; o < outputs; o++, w += inputs) {
        int32_t sum = 0;
        for (i = 0; i < inputs; i++)
            sum += w[i] * whole_numbers[i];
        y[o] = b[o] + (float)sum * (scale[o] * step);
    }
}
