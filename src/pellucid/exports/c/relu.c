static void relu(float *z, int count)
{
    int i;
    for (i = 0; i < count; i++)
        if (z[i] < 0.0f)
            z[i] = 0.0f;
}
