static void sigmoid(float *z, int count)
{
    int i;
    for (i = 0; i < count; i++)
        z[i] = 1.0f / (1.0f + expf(-z[i]));
}
