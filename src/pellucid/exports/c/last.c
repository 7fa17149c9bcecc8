/* What each direction has read last: the forward one at the last frame, the backward one at the first. */
static void last(const float *x, float *y, int count, int units, int width)
{
    int k;
    for (k = 0; k < width; k++)
        y[k] = x[(k < units ? (size_t)(count - 1) * width : 0) + k];
}
