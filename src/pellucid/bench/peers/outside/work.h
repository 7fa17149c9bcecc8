/* A workload as peers/child.py lays it out, and the loop that runs it on request; for C and C++. */
#ifndef WORK_H
#define WORK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LAYERS 16

struct work {
    const char *folder;
    int training, relu, one, batch, count, depth; /* depth: the layers, with the input */
    int layers[MOST_LAYERS];
    float rate;
    float *images, *parameters; /* (count, layers[0]); weights (out, in) and biases (out,) in turn */
    int *labels;                /* (count,) */
};

static void fail(const char *reason) {
    fprintf(stderr, "%s\n", reason);
    exit(1);
}

static void *read_whole(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail("a file of the workload is missing");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *bytes = (char *)malloc((size_t)size + 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) fail("a file of the workload is cut short");
    bytes[size] = 0;
    fclose(file);
    return bytes;
}

static struct work load_work(const char *folder) {
    struct work work;
    memset(&work, 0, sizeof work);
    work.folder = folder;
    char *text = (char *)read_whole(folder, "work.txt");
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        char *values = strchr(line, ' ');
        *values++ = 0;
        if (!strcmp(line, "kind")) work.training = !strcmp(values, "train");
        if (!strcmp(line, "activation")) work.relu = !strcmp(values, "relu");
        if (!strcmp(line, "one")) work.one = atoi(values);
        if (!strcmp(line, "batch")) work.batch = atoi(values);
        if (!strcmp(line, "count")) work.count = atoi(values);
        if (!strcmp(line, "rate")) work.rate = (float)atof(values);
        if (!strcmp(line, "layers"))
            for (char *size; (size = strtok_r(values, " ", &values));) {
                if (work.depth == MOST_LAYERS) fail("too many layers");
                work.layers[work.depth++] = atoi(size);
            }
    }
    free(text);
    work.images = (float *)read_whole(folder, "images.f32");
    work.parameters = (float *)read_whole(folder, "parameters.f32");
    work.labels = work.training ? (int *)read_whole(folder, "labels.i32") : NULL;
    return work;
}

/* Run `once` for each line that arrives. It returns the mean loss, or fills `answers` (count, classes). */
static void serve(const struct work *work, double (*once)(const struct work *, float *answers)) {
    char line[64], path[4096];
    size_t size = (size_t)work->count * work->layers[work->depth - 1];
    float *answers = work->training ? NULL : (float *)malloc(size * sizeof(float));
    snprintf(path, sizeof path, "%s/answers.f32", work->folder);
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        double loss = once(work, answers);
        if (answers) {
            FILE *file = fopen(path, "wb");
            if (!file || fwrite(answers, sizeof(float), size, file) != size) fail("the answers could not be written");
            fclose(file);
        }
        printf("%.12g\n", loss);
        fflush(stdout);
    }
}

#endif
