/* As a convolution of x, with w[o] scale[o] for its weights and q step for x. */
static void conv2d_int8(const int8_t *w, const float *scale, const float *b, const float *x, float *y, int filters,
                        const Windows *s, float most)
{
    const float size = quantize(x, whole_numbers, s->channels * s->height * s->width, most);
    const int plane = s->rows * s->columns, step = s->step_x;
    int o, k, i, j, r, c;
    for (o = 0; o < filters; o++, y += plane) {
        for (c = 0; c < plane; c++)
            sums[c] = 0;
        for (k = 0; k < s->channels; k++)
            for (i = 0; i < s->down; i++)
                for (j = 0; j < s->across; j++, w++) {
                    const int first = first_inside(j, step, s->pad_x);
                    const int count = past_inside(j, step, s->pad_x, s->width, s->columns) - first;
                    const int past = count > 0 ? past_inside(i, s->step_y, s->pad_y, s->height, s->rows) : 0;
                    const int weight = *w;
                    for (r = first_inside(i, s->step_y, s->pad_y); r < past; r++) {
                        const int v = r * s->step_y + i - s->pad_y, h = first * step + j - s->pad_x;
                        const int16_t *restrict from = whole_numbers + ((size_t)k * s->height + v) * s->width + h;
                        int32_t *restrict to = sums + (size_t)r * s->columns + first;
                        for (c = 0; c < count; c++)
                            to[c] += weight * from[c * step];
                    }
                }
        for (c = 0; c < plane; c++)
            y[c] = b[o] + (float)sums[c] * (scale[o] * size);
    }
}
