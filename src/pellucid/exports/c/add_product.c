/* y[o] += sum over i of u[o][i] h[i] */
static void add_product(const float *u, const float *h, float *y, int inputs, int outputs)
{
    int o, i;
    for (o = 0; o < outputs; o++, u += inputs)
        for (i = 0; i < inputs; i++)
            y[o] += u[i] * h[i];
}
