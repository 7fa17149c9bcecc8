// mlpack in single precision: its layers as a `MultiLayer`, its loss, and a plain step.
//
// `FFN` would do the same calls for ensmallen's `SGD`, an optimizer library of its own; layers and loss need no more than
// Armadillo. The gradient of a batch is a sum, as mlpack defines it.
#define MLPACK_PRINT_INFO_OFF
#include <mlpack/prereqs.hpp>
#include <mlpack/core/util/arma_traits.hpp>
#include <mlpack/core/util/using.hpp>
#include <mlpack/core/util/conv_to.hpp>
#include <mlpack/core/util/log.hpp>
#include <mlpack/core/math/make_alias.hpp>
#include <mlpack/core/math/math.hpp>
#include <mlpack/methods/ann/layer/layer.hpp>
#include <mlpack/methods/ann/loss_functions/negative_log_likelihood.hpp>

#include "work.h"

using arma::fmat;
using arma::frowvec;

static mlpack::MultiLayer<fmat> network;
static fmat parameters, gradient, initial;
static fmat images;    // (inputs, count): an image is a column
static frowvec labels; // (count)

static void build(const struct work &work) {
    for (int l = 1; l < work.depth; l++) {
        network.Add<mlpack::Linear<fmat>>(work.layers[l]);
        if (l == work.depth - 1)
            network.Add<mlpack::LogSoftMax<fmat>>();
        else if (work.relu)
            network.Add<mlpack::ReLU<fmat>>();
        else
            network.Add<mlpack::Sigmoid<fmat>>();
    }
    network.InputDimensions() = {(size_t)work.layers[0]};
    network.ComputeOutputDimensions();
    size_t count = network.WeightSize();
    initial.set_size(count, 1);
    parameters.set_size(count, 1);
    gradient.set_size(count, 1);
    // A layer's weights are (out, in) in Armadillo's order of columns, then the biases.
    const float *from = work.parameters;
    float *to = initial.memptr();
    for (int l = 1; l < work.depth; l++) {
        size_t in = work.layers[l - 1], out = work.layers[l];
        fmat(to, out, in, false, true) = fmat((float *)from, in, out, false, true).t();
        memcpy(to + out * in, from + out * in, out * sizeof(float));
        from += out * (in + 1);
        to += out * (in + 1);
    }
    parameters = initial;
    network.SetWeights(parameters);
    network.Training() = true;
    images = fmat(work.images, work.layers[0], work.count, false, true);
    if (work.training) {
        labels.set_size(work.count);
        for (int i = 0; i < work.count; i++) labels[i] = (float)work.labels[i];
    }
}

static double epoch(const struct work *work, float *) {
    mlpack::NegativeLogLikelihoodType<fmat> loss;
    parameters = initial;
    double total = 0;
    fmat output, error, delta;
    for (int start = 0; start < work->count; start += work->batch) {
        int size = std::min(work->batch, work->count - start);
        const fmat x(images.colptr(start), images.n_rows, size, false, true);
        const fmat y(labels.memptr() + start, 1, size, false, true);
        output.set_size(work->layers[work->depth - 1], size);
        delta.set_size(images.n_rows, size);
        network.Forward(x, output);
        total += loss.Forward(output, y);
        loss.Backward(output, y, error);
        network.Backward(x, output, error, delta);
        gradient.zeros();
        network.Gradient(x, error, gradient);
        parameters -= (work->rate / (float)size) * gradient;
    }
    return total / work->count;
}

static double read_all(const struct work *work, float *answers) {
    size_t classes = work->layers[work->depth - 1], rows = work->one ? 1 : work->count;
    for (size_t start = 0; start < (size_t)work->count; start += rows) {
        const fmat x(images.colptr(start), images.n_rows, rows, false, true);
        fmat output(answers + start * classes, classes, rows, false, true);
        network.Forward(x, output);
        output = arma::exp(output);
    }
    return 0;
}

int main(int count, char **arguments) {
    if (count < 2) fail("the folder of the workload is missing");
    struct work work = load_work(arguments[1]);
    build(work);
    serve(&work, work.training ? epoch : read_all);
    return 0;
}
