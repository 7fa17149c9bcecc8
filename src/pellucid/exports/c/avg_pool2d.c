/* The mean of every window. */
static void avg_pool2d(const float *x, float *y, const Windows *s)
{
    int k, r, c, i, j;
    for (k = 0; k < s->channels; k++, x += (size_t)s->height * s->width)
        for (r = 0; r < s->rows; r++)
            for (c = 0; c < s->columns; c++) {
                const float *window = x + (size_t)r * s->step_y * s->width + c * s->step_x;
                float sum = 0.0f;
                for (i = 0; i < s->down; i++)
                    for (j = 0; j < s->across; j++)
                        sum += window[i * s->width + j];
                *y++ = sum / (float)(s->down * s->across);
            }
}
