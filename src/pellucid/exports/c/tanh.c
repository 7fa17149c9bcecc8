static void hyperbolic_tangent(float *z, int count)
{
    int i;
    for (i = 0; i < count; i++)
        z[i] = tanhf(z[i]);
}
