/* y[o] = b[o] + sum over i of w[o][i] x[i] */
static void dense(const float *w, const float *b, const float *x, float *y, int inputs, int outputs)
{
    int o, i;
    for (o = 0; o < outputs; o++, w += inputs) {
        float sum = b[o];
        for (i = 0; i < inputs; i++)
            sum += w[i] * x[i];
        y[o] = sum;
    }
}
