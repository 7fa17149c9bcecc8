/* FANN, the fast artificial neural network library, in single precision.
 *
 * FANN knows steps after every image and after the whole set, and a squared error. Its own functions for the slopes of a
 * batch take a mini-batch just as well, and start from `train_errors`, where the loop here puts the gradient of the
 * cross-entropy under softmax. All products are FANN's.
 */
#include <math.h>

#include "floatfann.h"
#include "fann_internal.h"
#include "work.h"

static struct fann *network;

/* FANN's weights lie neuron by neuron, (out, in + 1), the bias last. */
static void fill(const struct work *work) {
    const float *from = work->parameters;
    float *to = network->weights;
    for (int l = 1; l < work->depth; l++) {
        int in = work->layers[l - 1], out = work->layers[l];
        for (int k = 0; k < out; k++) {
            memcpy(to, from + (size_t)k * in, (size_t)in * sizeof(float));
            to[in] = from[(size_t)out * in + k];
            to += in + 1;
        }
        from += (size_t)out * (in + 1);
    }
}

static void softmax(const float *z, int classes, float *p) {
    float most = z[0], sum = 0;
    for (int k = 1; k < classes; k++) most = fmaxf(most, z[k]);
    for (int k = 0; k < classes; k++) sum += p[k] = expf(z[k] - most);
    for (int k = 0; k < classes; k++) p[k] /= sum;
}

static double epoch(const struct work *work, float *answers) {
    (void)answers;
    fill(work);
    int inputs = work->layers[0], classes = work->layers[work->depth - 1];
    float p[1024];
    double total = 0;
    fann_clear_train_arrays(network);
    for (int start = 0; start < work->count; start += work->batch) {
        int size = work->count - start < work->batch ? work->count - start : work->batch;
        for (int i = start; i < start + size; i++) {
            softmax(fann_run(network, work->images + (size_t)i * inputs), classes, p);
            total -= log(p[work->labels[i]]);
            memset(network->train_errors, 0, network->total_neurons * sizeof(float));
            float *errors = network->train_errors + ((network->last_layer - 1)->first_neuron - network->first_layer->first_neuron);
            for (int k = 0; k < classes; k++) errors[k] = (k == work->labels[i]) - p[k];
            fann_backpropagate_MSE(network);
            fann_update_slopes_batch(network, network->first_layer + 1, network->last_layer - 1);
        }
        fann_update_weights_batch(network, (unsigned)size, 0, network->total_connections);
    }
    return total / work->count;
}

static double read_all(const struct work *work, float *answers) {
    int inputs = work->layers[0], classes = work->layers[work->depth - 1];
    for (int i = 0; i < work->count; i++)
        softmax(fann_run(network, work->images + (size_t)i * inputs), classes, answers + (size_t)i * classes);
    return 0;
}

int main(int count, char **arguments) {
    if (count < 2) fail("the folder of the workload is missing");
    struct work work = load_work(arguments[1]);
    if (work.layers[work.depth - 1] > 1024) fail("at most 1,024 classes");
    network = fann_create_standard_array((unsigned)work.depth, (unsigned *)work.layers);
    fann_set_activation_function_hidden(network, FANN_SIGMOID);
    fann_set_activation_steepness_hidden(network, 0.5f); /* FANN's sigmoid is 1 / (1 + exp(-2 s x)) */
    fann_set_activation_function_output(network, FANN_LINEAR);
    fann_set_activation_steepness_output(network, 1.0f);
    fann_set_learning_rate(network, work.rate);
    fill(&work);
    /* The first error of a batch lays out the arrays for training. */
    fann_type nothing[1024] = {0};
    fann_run(network, work.images);
    fann_compute_MSE(network, nothing);
    serve(&work, work.training ? epoch : read_all);
    fann_destroy(network);
    return 0;
}
