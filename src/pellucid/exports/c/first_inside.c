/* The first window, along one side, whose number `offset` is not before the input; pad zeros come before that. */
static int first_inside(int offset, int step, int pad)
{
    return offset >= pad ? 0 : (pad - offset + step - 1) / step;
}

/* The first window after which number `offset` of a window is past the input, of `side` numbers. */
static int past_inside(int offset, int step, int pad, int side, int windows)
{
    const int last = side - 1 + pad - offset;
    const int past = last < 0 ? 0 : last / step + 1;
    return past < windows ? past : windows;
}
