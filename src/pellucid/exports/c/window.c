/* Windows of planes: the sides of the input, of a window, of its steps, of the zeros around, and of the output. */
typedef struct {
    int channels, height, width, down, across, step_y, step_x, pad_y, pad_x, rows, columns;
} Windows;
