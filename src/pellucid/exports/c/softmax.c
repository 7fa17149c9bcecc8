static void softmax(float *z, int count)
{
    float largest = z[0], sum = 0.0f;
    int i;
    for (i = 1; i < count; i++)
        if (z[i] > largest)
            largest = z[i];
    for (i = 0; i < count; i++)
        sum += z[i] = expf(z[i] - largest);
    for (i = 0; i < count; i++)
        z[i] /= sum;
}
