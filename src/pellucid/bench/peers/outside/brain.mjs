// brain.js: `NeuralNetwork`, which learns after every image.
//
// Its last layer is a sigmoid under a squared error. The loop here undoes that sigmoid, takes the softmax of what is left,
// and hands back the target for which brain.js computes the gradient of the cross-entropy: all products are its own.
import { library, load, serve } from './work.mjs';

const brain = library('brain.js');
const work = load();
const [inputs, classes] = [work.layers[0], work.layers.at(-1)];
const images = Array.from({ length: work.count }, (_, i) => work.images.subarray(i * inputs, (i + 1) * inputs));
const last = work.layers.length - 1;
const net = new brain.NeuralNetwork({ activation: 'sigmoid' });
net.sizes = work.layers;
net.initialize();
// Momentum of zero is refused as an option, but means plain descent.
net.trainOpts.momentum = 0;
net.trainOpts.learningRate = work.rate;

function fill() {
  work.parameters.forEach(({ weight, bias }, l) => {
    const width = work.layers[l];
    net.biases[l + 1].set(bias);
    net.weights[l + 1].forEach((row, node) => row.set(weight.subarray(node * width, (node + 1) * width)));
    net.changes[l + 1].forEach((row) => row.fill(0));
  });
}

const probabilities = new Float64Array(classes);

/** The softmax of the values before the last sigmoid: exp(logit(o)) is o / (1 - o). */
function softmax(outputs) {
  let total = 0;
  for (let k = 0; k < classes; k++) total += probabilities[k] = outputs[k] / (1 - outputs[k]);
  for (let k = 0; k < classes; k++) probabilities[k] /= total;
  return probabilities;
}

const target = new Float64Array(classes);

function epoch() {
  fill();
  let total = 0;
  for (let i = 0; i < work.count; i++) {
    const outputs = net.runInput(images[i]);
    const p = softmax(outputs);
    total -= Math.log(p[work.labels[i]]);
    for (let k = 0; k < classes; k++) {
      const o = outputs[k];
      target[k] = o + ((k === work.labels[i] ? 1 : 0) - p[k]) / (o * (1 - o));
    }
    net.calculateDeltas(target);
    net.adjustWeights();
  }
  return total / work.count;
}

function read() {
  const answers = new Float32Array(work.count * classes);
  for (let i = 0; i < work.count; i++) answers.set(softmax(net.runInput(images[i])), i * classes);
  return answers;
}

if (net.outputLayer !== last) throw new Error('brain.js laid out other layers');
fill();
await serve(work.training ? epoch : read);
