/* y[o][r][c] = b[o] + sum over k, i, j of w[o][k][i][j] x[k][r step + i - pad][c step + j - pad] */
static void conv2d(const float *w, const float *b, const float *restrict x, float *restrict y, int filters,
                   const Windows *s)
{
    const int plane = s->rows * s->columns, step = s->step_x;
    int o, k, i, j, r, c;
    for (o = 0; o < filters; o++, y += plane) {
        for (c = 0; c < plane; c++)
            y[c] = b[o];
        for (k = 0; k < s->channels; k++)
            for (i = 0; i < s->down; i++)
                for (j = 0; j < s->across; j++, w++) {
                    const int first = first_inside(j, step, s->pad_x);
                    const int count = past_inside(j, step, s->pad_x, s->width, s->columns) - first;
                    const int past = count > 0 ? past_inside(i, s->step_y, s->pad_y, s->height, s->rows) : 0;
                    const float weight = *w;
                    for (r = first_inside(i, s->step_y, s->pad_y); r < past; r++) {
                        const int v = r * s->step_y + i - s->pad_y, h = first * step + j - s->pad_x;
                        const float *restrict from = x + ((size_t)k * s->height + v) * s->width + h;
                        float *restrict to = y + (size_t)r * s->columns + first;
                        for (c = 0; c < count; c++)
                            to[c] += weight * from[c * step];
                    }
                }
    }
}
