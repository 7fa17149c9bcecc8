/* The largest number of every window. */
static void max_pool2d(const float *x, float *y, const Windows *s)
{
    int k, r, c, i, j;
    for (k = 0; k < s->channels; k++, x += (size_t)s->height * s->width)
        for (r = 0; r < s->rows; r++)
            for (c = 0; c < s->columns; c++) {
                const float *window = x + (size_t)r * s->step_y * s->width + c * s->step_x;
                float largest = *window;
                for (i = 0; i < s->down; i++)
                    for (j = 0; j < s->across; j++)
                        if (window[i * s->width + j] > largest)
                            largest = window[i * s->width + j];
                *y++ = largest;
            }
}
